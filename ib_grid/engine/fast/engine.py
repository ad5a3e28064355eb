"""The fast engine: a chunk of the grid, or one combination's trades, from the market.

A combination is not simulated on its own. Signals are found once for each setting of the signal
parameters; the exits of the few distinct entries are simulated once for each pair of target and
trailing. A combination is then a look-up per date, accumulated into its metrics. `reference` is the
plain-Python counterpart.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ib_grid.engine.context import BacktestContext
from ib_grid.engine.execution_settings import Execution
from ib_grid.engine.fast.decisions import Costs, Decisions, costs_of, decide, find
from ib_grid.engine.fast.entries import NO_CANDIDATE, NO_ENTRY
from ib_grid.engine.fast.exits import exit_of, simulate_exits
from ib_grid.engine.fast.metrics import MOST_TRADES, N_GROUPS, N_METRICS, accumulate_metrics
from ib_grid.engine.fast.outcomes import distinct_outcomes, results_of
from ib_grid.engine.fast.signals import REV_RB
from ib_grid.errors import DataError
from ib_grid.grid.chunks import Chunk, plan_chunks
from ib_grid.grid.columns import EXIT_REASONS, candidates_frame, trades_frame
from ib_grid.grid.grid import Grid
from ib_grid.grid.params import DOMAINS, Params
from ib_grid.grid.variations import VARIATIONS
from ib_grid.market.market import Market
from ib_grid.news.filter import NO_NEWS

# Exit pairs that are simulated together: more would only leave the processor's cache.
_EXITS_AT_ONCE = 256
# Settings times dates that are decided together: bounds the memory of a chunk of many settings.
_DAYS_AT_ONCE = 1_000_000
_ONLY_SETTING = np.zeros(1, np.int64)  # of a grid of one combination


def evaluate(context: BacktestContext, grid: Grid, chunk: Chunk) -> NDArray[np.float32]:
    """Return the metrics of every combination of a chunk.

    Parameters
    ----------
    context : BacktestContext
    grid : Grid
    chunk : Chunk
        Whole settings of one session and wait, as a plan of this grid gives them.

    Returns
    -------
    float32 array, shape (n_metric_columns, n_rows)
        In the order of `columns.METRIC_COLUMNS` and of the chunk's ids.

    Raises
    ------
    GridError
        If the market was not built for this session or for so long a wait and window.
    DataError
        If the session has more dates than trades can be counted.
    """
    costs, pairs = costs_of(context.execution), exit_pairs(grid)
    settings = chunk.ids[:: len(pairs)]
    out = np.empty((N_GROUPS, N_METRICS, len(settings), len(pairs)), np.float32)
    n_dates = len(context.market.session_levels(grid.sessions[chunk.session_index], 0).date)
    if n_dates > MOST_TRADES:
        raise DataError(
            f"the bars have {n_dates:,} session dates",
            expected=f"at most {MOST_TRADES:,}, some 125 years",
            hint="limit the dates with --from and --to",
        )
    at_once = max(1, _DAYS_AT_ONCE // max(n_dates, 1))
    for first in range(0, len(settings), at_once):
        decided = decide(context, grid, settings[first : first + at_once], costs)
        for first_exit in range(0, len(pairs), _EXITS_AT_ONCE):
            exits = pairs[first_exit : first_exit + _EXITS_AT_ONCE]
            _accumulate(decided, exits, costs, out, first, first_exit)
    return out.reshape(N_GROUPS * N_METRICS, chunk.n_rows)


def trades(context: BacktestContext, params: Params) -> pd.DataFrame:
    """Return every trade of one combination, by date.

    Parameters
    ----------
    context : BacktestContext
    params : Params

    Returns
    -------
    DataFrame
        A row per trade, columns `columns.TRADE_COLUMNS`.

    Raises
    ------
    GridError
        If the market was not built for this session or for so long a wait and window.
    """
    return trades_by_id(context, grid_of_one(params), [0])[0]


def trades_by_id(
    context: BacktestContext, grid: Grid, ids: Sequence[int]
) -> dict[int, pd.DataFrame]:
    """Return every trade of some combinations; those of one session and wait are decided together.

    Raises
    ------
    GridError
        If the grid has no such combination, or the market was not built for it.
    """
    costs, found = costs_of(context.execution), {}
    params = {combo_id: grid.params(combo_id) for combo_id in sorted(set(ids))}
    for _, block in itertools.groupby(params, lambda combo_id: combo_id // grid.rows_per_block):
        ids_of_block = list(block)
        decided = decide(context, grid, np.array(ids_of_block), costs)
        for setting, combo_id in enumerate(ids_of_block):
            found[combo_id] = _trades_frame(decided, setting, params[combo_id], costs)
    return found


def candidates(context: BacktestContext, params: Params) -> pd.DataFrame:
    """Return every candidate of one combination before the news filter.

    Returns
    -------
    DataFrame
        A row per candidate by date and news moment: date, variation, direction and news_minute
        (minutes since 1970-01-01 00:00 UTC). In `original` REV_RB is looked at only on dates on
        which no other candidate remains.
    """
    costs = costs_of(context.execution)
    unfiltered = dataclasses.replace(context, news=NO_NEWS)
    found = find(unfiltered, grid_of_one(params), _ONLY_SETTING, costs)
    row, date = np.nonzero(found.candidates.variation != NO_CANDIDATE)
    variation = found.candidates.variation[row, date]
    minute = found.candidates.moment[row, date]
    looked_at = variation != REV_RB
    if context.execution.model == "original":
        remaining = date[looked_at & ~context.news.blocks(minute)]
        looked_at |= ~np.isin(date, remaining)
    else:
        looked_at[:] = True
    frame = candidates_frame(
        date=found.levels.date[date],
        variation=[VARIATIONS[v] for v in variation],
        direction=np.where(found.candidates.direction[row, date] > 0, "long", "short"),
        news_minute=minute,
    )
    return frame[looked_at].sort_values(["date", "news_minute"], kind="stable", ignore_index=True)


def warm_up(market: Market, grid: Grid) -> None:
    """Compile the kernels of `evaluate` and of reports, or load them from the cache.

    Workers that start afterwards find the compiled code on disk.
    """
    params = grid.params(0)
    one = grid_of_one(params)
    context = BacktestContext(market, Execution(spread_points=0.0))
    evaluate(context, one, plan_chunks(one, 1).chunk(0))
    trades(context, params)


def grid_of_one(params: Params) -> Grid:
    """Return the grid that holds only this combination."""
    axes = {name: (getattr(params, name),) for name in DOMAINS}
    return Grid(sessions=(params.session,), **axes)


def exit_pairs(grid: Grid) -> NDArray[np.float64]:
    """Return (rr_target, tsl_target, tsl_sl) of a setting's exits, in id order."""
    pairs = [(rr, *trailing) for rr in grid.rr_target for trailing in grid.trailing]
    return np.array(pairs, np.float64)


def _accumulate(
    decided: Decisions,
    pairs: NDArray[np.float64],
    costs: Costs,
    out: NDArray[np.float32],
    first_setting: int,
    first_exit: int,
) -> None:
    """Simulate these exits of every entry and accumulate their metrics in `out`."""
    end_row = decided.last_rows.max(axis=0) + 1
    exits = simulate_exits(decided.prices, decided.entries, end_row, pairs, costs)
    outcome, entry, window = distinct_outcomes(
        decided.entry_index,
        decided.window,
        decided.last_rows,
        decided.entries.date,
        exits.row.max(axis=1),
    )
    rows = decided.first_rows, decided.last_rows
    results = results_of(decided.prices, decided.entries, exits, entry, window, *rows, costs)
    accumulate_metrics(results, outcome, decided.variation, out, first_setting, first_exit)


def _trades_frame(decided: Decisions, setting: int, params: Params, costs: Costs) -> pd.DataFrame:
    entries, minute = decided.entries, decided.prices.minute
    first_rows, last_rows = (
        rows[decided.window[setting]] for rows in (decided.first_rows, decided.last_rows)
    )
    dates = np.flatnonzero(decided.entry_index[setting] != NO_ENTRY)
    indices = decided.entry_index[setting, dates]
    pair = np.array([params.rr_target, params.tsl_target, params.tsl_sl])
    exits = [
        exit_of(
            decided.prices,
            entries,
            index,
            pair,
            first_rows[entries.date[index]],
            last_rows[entries.date[index]],
            costs,
        )
        for index in indices
    ]
    columns = zip(*exits, strict=True) if exits else [()] * 7
    target, row, price, reason, ambiguous, r, worst_r = columns
    return trades_frame(
        date=decided.levels.date[dates],
        variation=[VARIATIONS[variation] for variation in decided.variation[setting, dates]],
        direction=np.where(entries.direction[indices] > 0, "long", "short"),
        entry_minute=minute[entries.row[indices]],
        entry_price=entries.fill[indices],
        stop=entries.stop[indices],
        target=target,
        exit_minute=minute[np.array(row, np.int64)],
        exit_price=price,
        exit_reason=[EXIT_REASONS[code] for code in reason],
        r=r,
        ambiguous=ambiguous,
        worst_r=worst_r,
        risk_points=entries.risk[indices],
    )
