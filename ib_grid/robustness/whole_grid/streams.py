"""R of every combination on every session date, as look-ups in a table of outcomes.

The R of a combination on a date is the outcome of its signal setting there, at its exit pair. The
opposite of an outcome is the trade that a coin flip would have taken: the same moment, the other
direction, stop and target mirrored at the reference price, the other side of the book.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ib_grid.engine.context import BacktestContext
from ib_grid.engine.execution_settings import RISK_FLOOR
from ib_grid.engine.fast.decisions import Costs, costs_of, decide
from ib_grid.engine.fast.engine import exit_pairs
from ib_grid.engine.fast.entries import Entries
from ib_grid.engine.fast.exits import simulate_exits
from ib_grid.engine.fast.outcomes import distinct_outcomes, results_of
from ib_grid.engine.fast.windows import Prices
from ib_grid.grid.chunks import Chunk
from ib_grid.grid.grid import Grid


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Streams:
    """R of the combinations of a chunk by date.

    Attributes
    ----------
    first_id : int
        Combination of the first setting and exit pair; ids count on from there.
    dates : int64 array, shape (n_dates,)
        Session dates of the chunk's session, days since 1970-01-01.
    outcome : int32 array, shape (n_settings, n_dates)
        Index in the tables, or NO_OUTCOME on a date without a trade.
    r, opposite_r : float64 array, shape (n_outcomes, n_exits)
        Result of each outcome for each exit pair, and of its opposite.
    """

    first_id: int
    dates: NDArray[np.int64]
    outcome: NDArray[np.int32]
    r: NDArray[np.float64]
    opposite_r: NDArray[np.float64]

    @property
    def first_setting(self) -> int:
        """Position of the first setting among all of the grid."""
        return self.first_id // self.r.shape[1]

    def dense(self, *, opposite: bool = False) -> NDArray[np.float64]:
        """Return R by date and combination, shape (n_dates, n_settings * n_exits)."""
        table = np.vstack([self.opposite_r if opposite else self.r, np.zeros(self.r.shape[1])])
        n_combinations = len(self.outcome) * self.r.shape[1]
        return table[self.outcome.T].reshape(len(self.dates), n_combinations)


def streams(context: BacktestContext, grid: Grid, chunk: Chunk) -> Streams:
    """Return the streams of a chunk's combinations.

    Raises
    ------
    GridError
        If the market was not built for this session or for so long a wait and window.
    """
    costs, pairs = costs_of(context.execution), exit_pairs(grid)
    decided = decide(context, grid, chunk.ids[:: len(pairs)], costs)
    prices, entries = decided.prices, decided.entries
    end_row = decided.last_rows.max(axis=0) + 1
    mirrored = opposite_entries(entries, prices, costs)
    exits = simulate_exits(prices, entries, end_row, pairs, costs)
    other = simulate_exits(prices, mirrored, end_row, pairs, costs)
    last_exit = np.maximum(exits.row.max(axis=1), other.row.max(axis=1))
    outcome, entry, window = distinct_outcomes(
        decided.entry_index, decided.window, decided.last_rows, entries.date, last_exit
    )
    rows = decided.first_rows, decided.last_rows
    return Streams(
        first_id=chunk.first_id,
        dates=decided.levels.date,
        outcome=outcome,
        r=results_of(prices, entries, exits, entry, window, *rows, costs).r,
        opposite_r=results_of(prices, mirrored, other, entry, window, *rows, costs).r,
    )


def opposite_entries(entries: Entries, prices: Prices, costs: Costs) -> Entries:
    """Return the entries in the other direction, at the same moments.

    The mid price at entry is the same, so the fill moves by both sides of the spread and, for
    market orders, by the slippage of both.
    """
    half = prices.half[entries.row]
    cost = np.where(entries.limit, half, half + costs.slippage)
    stop = 2 * entries.ref - entries.stop
    fill = entries.fill - 2 * entries.direction * cost
    risk = np.abs(fill - stop)
    return entries._replace(
        direction=(-entries.direction).astype(entries.direction.dtype),
        stop=stop,
        fill=fill,
        risk=np.where(risk <= RISK_FLOOR * entries.ref, 0.0, risk),
    )
