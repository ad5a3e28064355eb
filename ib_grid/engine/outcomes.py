"""Every distinct trade of a chunk, and which of them each combination makes on which date.

An outcome is an entry together with the trade window in which the position is held; windows in
which every exit comes before the end share one. A chunk of the grid has a few thousand outcomes,
and the trade of a combination on a date is the outcome of its signal setting there, at its exit
pair. What is computed once per outcome is so known for the whole grid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ib_grid.engine.context import BacktestContext
from ib_grid.engine.fast.compiled import kernel
from ib_grid.engine.fast.decisions import costs_of, decide
from ib_grid.engine.fast.engine import exit_pairs
from ib_grid.engine.fast.exits import (
    lows_until,
    path_of,
    result_r,
    simulate_exits,
    time_exit_price,
    worst_r,
)
from ib_grid.engine.fast.outcomes import distinct_outcomes
from ib_grid.grid.chunks import Chunk
from ib_grid.grid.grid import Grid


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcomes:
    """Trades of all combinations of a chunk.

    The trade of combination ``first_id + setting * n_exits + exit`` on ``dates[d]`` is row
    ``outcome[setting, d]`` of the tables, column `exit`.

    Attributes
    ----------
    first_id : int
        Combination of the first setting and exit pair.
    dates : int64 array, shape (n_dates,)
        Session dates of the chunk's session, days since 1970-01-01.
    outcome : int32 array, shape (n_settings, n_dates)
        Row in the tables, or NO_OUTCOME on a date without a trade.
    variation : int8 array, shape (n_settings, n_dates)
        Index in `VARIATIONS`; -1 on a date without a trade.
    r, worst_r : float64 array, shape (n_outcomes, n_exits)
        Result, and lowest floating result, in R (STRATEGY.md, sections 5 and 7).
    exit_minute : int64 array, shape (n_outcomes, n_exits)
        Label of the bar of the exit, minutes since 1970-01-01 00:00 UTC.
    entry_minute : int64 array, shape (n_outcomes,)
        Label of the bar of the entry.
    direction : int8 array, shape (n_outcomes,)
        +1 long, -1 short.
    fill, risk_points : float64 array, shape (n_outcomes,)
        Price of the entry and distance to the stop there, points. A risk of 0 marks the invalid
        trade of `original`.
    """

    first_id: int
    dates: NDArray[np.int64]
    outcome: NDArray[np.int32]
    variation: NDArray[np.int8]
    r: NDArray[np.float64]
    worst_r: NDArray[np.float64]
    exit_minute: NDArray[np.int64]
    entry_minute: NDArray[np.int64]
    direction: NDArray[np.int8]
    fill: NDArray[np.float64]
    risk_points: NDArray[np.float64]


def outcomes(context: BacktestContext, grid: Grid, chunk: Chunk) -> Outcomes:
    """Return the outcomes of a chunk.

    Parameters
    ----------
    context : BacktestContext
    grid : Grid
    chunk : Chunk
        Whole settings of one session and wait, as a plan of this grid gives them.

    Raises
    ------
    GridError
        If the market was not built for this session or for so long a wait and window.
    """
    costs, pairs = costs_of(context.execution), exit_pairs(grid)
    decided = decide(context, grid, chunk.ids[:: len(pairs)], costs)
    prices, entries = decided.prices, decided.entries
    end_row = decided.last_rows.max(axis=0) + 1
    exits = simulate_exits(prices, entries, end_row, pairs, costs)
    outcome, entry, window = distinct_outcomes(
        decided.entry_index,
        decided.window,
        decided.last_rows,
        entries.date,
        exits.row.max(axis=1),
    )
    r, worst, exit_row = _tables(
        prices, entries, exits, entry, window, decided.first_rows, decided.last_rows, costs
    )
    return Outcomes(
        first_id=chunk.first_id,
        dates=decided.levels.date,
        outcome=outcome,
        variation=decided.variation,
        r=r,
        worst_r=worst,
        exit_minute=prices.minute[exit_row],
        entry_minute=prices.minute[entries.row[entry]],
        direction=entries.direction[entry],
        fill=entries.fill[entry],
        risk_points=entries.risk[entry],
    )


@kernel
def _tables(prices, entries, exits, entry, window, first_rows, last_rows, costs):  # type: ignore[no-untyped-def]
    """Return R, the worst R and the exit row of each outcome and exit pair.

    Where the exit does not come before the window's end, it is by time.
    """
    shape = (len(entry), exits.r.shape[1])
    r, worst = np.empty(shape, np.float64), np.empty(shape, np.float64)
    exit_row = np.empty(shape, np.int32)
    for outcome in range(len(entry)):
        e, w = entry[outcome], window[outcome]
        date = entries.date[e]
        first_row, last_row = first_rows[w, date], last_rows[w, date]
        price = time_exit_price(prices, entries, e, first_row, last_row, costs)
        at_end = result_r(entries, e, price, costs)
        path = path_of(prices, entries, e, last_row + 1, costs)
        lows = lows_until(path, len(path.worst), costs)
        first_watched = last_row + 2 - len(lows)
        for i in range(shape[1]):
            row, r_here, low, before = exits.row[e, i], exits.r[e, i], exits.low[e, i], 0
            if row > last_row:
                row, r_here, low, before = last_row, at_end, np.inf, len(lows) - 1
            elif row > first_watched:
                before = row - first_watched
            exit_row[outcome, i], r[outcome, i] = row, r_here
            worst[outcome, i] = worst_r(entries, e, r_here, low, lows[before], costs)
    return r, worst, exit_row
