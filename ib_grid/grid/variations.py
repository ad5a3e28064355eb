"""The four variations over a grid: in which combinations each counts, and sums over rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ib_grid.grid.scoring import Columns


@dataclass(frozen=True, slots=True)
class VariationRule:
    """In which combinations a variation counts.

    Attributes
    ----------
    text : str
        The rule, as a person reads it.
    columns : tuple of str
        The parameter columns that it looks at.
    counts : callable
        Columns to a bool array, shape (n_rows,).
    """

    text: str
    columns: tuple[str, ...]
    counts: Callable[[Columns], NDArray[np.bool_]]


VARIATION_RULES = {
    "OCAE": VariationRule("tsl_target > 0", ("tsl_target",), lambda c: c["tsl_target"] > 0),
    "TCWE": VariationRule(
        "tsl_target > 0 and rr_target >= 1",
        ("tsl_target", "rr_target"),
        lambda c: (c["tsl_target"] > 0) & (c["rr_target"] >= 1),
    ),
    "Reverse": VariationRule("stop_mode is eq", ("stop_mode",), lambda c: c["stop_mode"] == "eq"),
    "REV_RB": VariationRule(
        "rev_rb_enabled", ("rev_rb_enabled",), lambda c: c["rev_rb_enabled"].astype(bool)
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What a set of combinations adds up to; `merge` has the sums of disjoint sets.

    The total is kept as an exact fraction, so that it does not depend on the order or on the
    chunks in which the rows came.

    Attributes
    ----------
    combinations, combinations_with_trades, profitable_combinations : int
        All, those with a trade, those with a total R above 0.
    trades : int
    exact_total_r : Fraction
        Sum of R over all trades of all combinations.
    """

    combinations: int = 0
    combinations_with_trades: int = 0
    profitable_combinations: int = 0
    trades: int = 0
    exact_total_r: Fraction = Fraction(0)

    def merge(self, other: Sums) -> Sums:
        """Sums over both sets."""
        return Sums(
            combinations=self.combinations + other.combinations,
            combinations_with_trades=(
                self.combinations_with_trades + other.combinations_with_trades
            ),
            profitable_combinations=self.profitable_combinations + other.profitable_combinations,
            trades=self.trades + other.trades,
            exact_total_r=self.exact_total_r + other.exact_total_r,
        )

    @property
    def total_r(self) -> float:
        """Sum of R, the float64 nearest to it."""
        return float(self.exact_total_r)

    @property
    def average_r(self) -> float:
        """Mean R of a trade; 0 without trades."""
        return float(self.exact_total_r / self.trades) if self.trades else 0.0


def sums(columns: Columns, prefix: str = "") -> Sums:
    """Sums over rows of results, as a whole (no prefix) or of a variation."""
    trades, total_r = columns[f"{prefix}total_trades"], columns[f"{prefix}total_r"]
    return Sums(
        combinations=len(trades),
        combinations_with_trades=int(np.count_nonzero(trades)),
        profitable_combinations=int(np.count_nonzero(total_r > 0)),
        trades=int(trades.sum(dtype=np.float64)),
        exact_total_r=exact_sum(total_r),
    )


def exact_sum(values: NDArray[Any]) -> Fraction:
    """Sum of float32 values without rounding, shape (n,); n up to 2 ** 29."""
    # A float32 is a whole number of at most 24 bits times a power of 2: adding up the whole
    # numbers of each power is exact in float64.
    fraction, exponent = np.frexp(values.astype(np.float32, copy=False))
    by_power = np.bincount(exponent + 148, weights=np.ldexp(fraction.astype(np.float64), 24))
    return Fraction(sum(int(whole) << power for power, whole in enumerate(by_power)), 1 << 172)
