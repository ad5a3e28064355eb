"""Sums over the combinations of a scope."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ib_grid.grid.scoring import Columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Sums over a set of combinations; `merge` adds disjoint sets.

    Combinations are counted: all, those with a trade, and those with a total R above 0. `total_r`
    is the sum over all trades of all combinations.
    """

    combinations: int = 0
    combinations_with_trades: int = 0
    profitable_combinations: int = 0
    trades: int = 0
    total_r: float = 0.0

    def merge(self, other: Sums) -> Sums:
        """Return the sums over both sets."""
        return Sums(
            combinations=self.combinations + other.combinations,
            combinations_with_trades=(
                self.combinations_with_trades + other.combinations_with_trades
            ),
            profitable_combinations=self.profitable_combinations + other.profitable_combinations,
            trades=self.trades + other.trades,
            total_r=self.total_r + other.total_r,
        )

    @property
    def average_r(self) -> float:
        """Mean R of a trade; 0 without trades."""
        return self.total_r / self.trades if self.trades else 0.0


def sums(columns: Columns, prefix: str = "") -> Sums:
    """Return the sums over rows of results: of whole combinations, or of a variation's prefix."""
    trades, total_r = columns[f"{prefix}total_trades"], columns[f"{prefix}total_r"]
    return Sums(
        combinations=len(trades),
        combinations_with_trades=int(np.count_nonzero(trades)),
        profitable_combinations=int(np.count_nonzero(total_r > 0)),
        trades=int(trades.sum(dtype=np.float64)),
        total_r=float(total_r.sum(dtype=np.float64)),
    )
