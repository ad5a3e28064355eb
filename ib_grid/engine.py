"""The fast engine: a chunk of the grid, or one combination's trades, from the market.

A combination is not simulated. Signals are found once for each setting of the signal parameters,
the few distinct entries they lead to are walked once for each pair of target and trailing, and a
combination is then a look-up per date, folded into its metrics. `reference` is the plain twin.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ib_grid.decisions import Costs, Decisions, costs_of, decide
from ib_grid.entries import NO_ENTRY
from ib_grid.execution import Execution
from ib_grid.exits import exit_of, walk_all
from ib_grid.grid import Chunk, Grid, plan_chunks
from ib_grid.market import Market
from ib_grid.metrics import N_GROUPS, N_METRICS, fold_settings
from ib_grid.news import NO_NEWS, NewsFilter
from ib_grid.params import DOMAINS, Params
from ib_grid.results import EXIT_REASONS, VARIATIONS, trades_frame

# Exit pairs that are walked and folded together: more would only leave the processor's cache.
_EXITS_AT_ONCE = 256


def evaluate(
    market: Market,
    grid: Grid,
    chunk: Chunk,
    execution: Execution,
    news: NewsFilter = NO_NEWS,
) -> NDArray[np.float32]:
    """Metrics of every combination of a chunk.

    Parameters
    ----------
    market : Market
    grid : Grid
    chunk : Chunk
        Whole settings of one session and wait, as a plan of this grid gives them.
    execution : Execution
    news : NewsFilter, optional

    Returns
    -------
    float32 array, shape (n_metric_columns, n_rows)
        In the order of `results.METRIC_COLUMNS` and of the chunk's ids.

    Raises
    ------
    GridError
        If the market was not built for this session or for so long a wait and window.
    """
    costs = costs_of(execution)
    decided = decide(market, grid, chunk, costs, news)
    pairs = _exit_pairs(grid)
    out = np.empty((N_GROUPS, N_METRICS, len(decided.chosen), len(pairs)), np.float32)
    for first in range(0, len(pairs), _EXITS_AT_ONCE):
        some = slice(first, first + _EXITS_AT_ONCE)
        _fold(decided, pairs[some], costs, out[:, :, :, some])
    return out.reshape(N_GROUPS * N_METRICS, chunk.n_rows)


def trades(
    market: Market, params: Params, execution: Execution, news: NewsFilter = NO_NEWS
) -> pd.DataFrame:
    """Every trade of one combination, by date.

    Parameters
    ----------
    market : Market
    params : Params
    execution : Execution
    news : NewsFilter, optional

    Returns
    -------
    DataFrame
        A row per trade, columns `results.TRADE_COLUMNS`.

    Raises
    ------
    GridError
        If the market was not built for this session or for so long a wait and window.
    """
    grid = grid_of_one(params)
    costs = costs_of(execution)
    decided = decide(market, grid, plan_chunks(grid, 1).chunk(0), costs, news)
    return _trades_frame(decided, params, costs)


def warm_up(market: Market, grid: Grid) -> None:
    """Compile the kernels of `evaluate`, or load them from the cache, by using them once.

    Workers that start afterwards find the compiled code on disk.
    """
    evaluate(market, grid, plan_chunks(grid, 1).chunk(0), Execution(spread_points=0.0))


def grid_of_one(params: Params) -> Grid:
    """The grid whose only combination this is."""
    axes = {name: (getattr(params, name),) for name in DOMAINS}
    return Grid(sessions=(params.session,), **axes)


def _exit_pairs(grid: Grid) -> NDArray[np.float64]:
    """(rr_target, tsl_target, tsl_sl) of the exits of a setting, in the order of the ids."""
    pairs = [(rr, *trailing) for rr in grid.rr_target for trailing in grid.trailing]
    return np.array(pairs, np.float64)


def _fold(
    decided: Decisions, pairs: NDArray[np.float64], costs: Costs, out: NDArray[np.float32]
) -> None:
    """Walk every entry for these exit pairs and fold the results into `out`."""
    end_row = decided.last_rows.max(axis=0) + 1
    exits = walk_all(decided.prices, decided.entries, end_row, pairs, costs)
    fold_settings(
        decided.prices,
        decided.entries,
        exits,
        decided.chosen,
        decided.variation,
        decided.window,
        decided.first_rows,
        decided.last_rows,
        costs,
        out,
    )


def _trades_frame(decided: Decisions, params: Params, costs: Costs) -> pd.DataFrame:
    entries, minute = decided.entries, decided.prices.minute
    dates = np.flatnonzero(decided.chosen[0] != NO_ENTRY)
    places = decided.chosen[0, dates]
    pair = np.array([params.rr_target, params.tsl_target, params.tsl_sl])
    exits = [
        exit_of(
            decided.prices,
            entries,
            place,
            pair,
            decided.first_rows[0, entries.date[place]],
            decided.last_rows[0, entries.date[place]],
            costs,
        )
        for place in places
    ]
    target, row, price, reason, ambiguous, r = zip(*exits, strict=True) if exits else [()] * 6
    return trades_frame(
        date=decided.levels.date[dates],
        variation=[VARIATIONS[variation] for variation in decided.variation[0, dates]],
        direction=np.where(entries.direction[places] > 0, "long", "short"),
        entry_minute=minute[entries.row[places]],
        entry_price=entries.fill[places],
        stop=entries.stop[places],
        target=target,
        exit_minute=minute[np.array(row, np.int64)],
        exit_price=price,
        exit_reason=[EXIT_REASONS[code] for code in reason],
        r=r,
        ambiguous=ambiguous,
    )
