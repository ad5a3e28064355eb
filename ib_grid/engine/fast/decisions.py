"""Entries of settings on each date, from signals to fills."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ib_grid.engine.context import BacktestContext
from ib_grid.engine.execution_settings import ORIGINAL, Execution
from ib_grid.engine.fast.entries import (
    Candidates,
    Entries,
    Settings,
    collect_entries,
    empty_entries,
    no_candidates,
)
from ib_grid.engine.fast.signals import SEARCHES, SignalSearch
from ib_grid.engine.fast.windows import Prices, Window, build_windows, prices_of
from ib_grid.grid.grid import Grid
from ib_grid.market.levels import SessionLevels
from ib_grid.news.filter import NewsFilter


class Costs(NamedTuple):
    """Costs in points, 0 where the model does not apply them; the spread is in `Prices`.

    `delay` is in minutes; `through` is how far price goes beyond a limit order that fills.
    """

    slippage: float
    commission: float
    model: int
    delay: int
    through: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """Each day's trade of each of some settings.

    Attributes
    ----------
    window : int64 array, shape (n_settings,)
        Place of each setting's trade window in `first_rows` and `last_rows`.
    first_rows, last_rows : int64 array, shape (n_windows, n_dates)
        M1 rows of the trade windows.
    entry_index : int32 array, shape (n_settings, n_dates)
        Place in `entries`, or NO_ENTRY.
    variation : int8 array, shape (n_settings, n_dates)
        Place in `VARIATIONS`, or NO_CANDIDATE.
    """

    prices: Prices
    levels: SessionLevels
    window: NDArray[np.int64]
    first_rows: NDArray[np.int64]
    last_rows: NDArray[np.int64]
    entries: Entries
    entry_index: NDArray[np.int32]
    variation: NDArray[np.int8]


class _Axis(NamedTuple):
    """Values of one axis that occur in some settings, and each setting's index among them."""

    values: NDArray[np.float64]
    index_of: NDArray[np.int64]


def costs_of(execution: Execution) -> Costs:
    """Return the costs as the kernels take them."""
    charged = execution.model_code != ORIGINAL
    return Costs(
        slippage=execution.slippage_points if charged else 0.0,
        commission=execution.commission_points if charged else 0.0,
        model=execution.model_code,
        delay=execution.delay_minutes,
        through=execution.limit_through_points,
    )


class Found(NamedTuple):
    """Candidates of some settings, and their windows."""

    prices: Prices
    levels: SessionLevels
    windows: list[Window]
    candidates: Candidates
    settings: Settings


def find(context: BacktestContext, grid: Grid, settings: NDArray[np.int64], costs: Costs) -> Found:
    """Return the candidates of some settings that the news filter leaves; see `decide`."""
    index = grid.indices(settings)
    session = grid.sessions[index["session"][0]]
    wait = grid.ib_wait_minutes[index["ib_wait_minutes"][0]]
    minutes = _axis(grid.trade_window_minutes, index["trade_window_minutes"])
    longest = wait + int(minutes.values.max())
    levels = context.market.session_levels(session, longest)
    prices = prices_of(context.market.bars, context.execution)
    windows = build_windows(prices, levels, wait, minutes.values, costs.model)
    searched, window_index = windows, minutes.index_of
    if costs.model != ORIGINAL:  # the signals of a shorter window are the first of the longest one
        searched = [windows[minutes.values.argmax()]]
        window_index = np.zeros_like(window_index)
    candidates, rows = _find_candidates(
        prices, levels, searched, window_index, grid, index, costs, context.news
    )
    of_settings = Settings(
        rows=rows,
        window=minutes.index_of,
        stop_at_eq=np.array([mode == "eq" for mode in grid.stop_mode])[index["stop_mode"]],
        min_sl_pct=np.array(grid.min_sl_pct, np.float64)[index["min_sl_pct"]],
    )
    return Found(prices, levels, windows, candidates, of_settings)


def decide(
    context: BacktestContext, grid: Grid, settings: NDArray[np.int64], costs: Costs
) -> Decisions:
    """Return each day's trade of some settings of one session and wait.

    A setting is given as the id of one of its combinations.
    """
    found = find(context, grid, settings, costs)
    last_rows = np.stack([window.last_row for window in found.windows])
    entries, entry_index, variation = _enter(found, last_rows, costs)
    return Decisions(
        prices=found.prices,
        levels=found.levels,
        window=found.settings.window,
        first_rows=np.stack([window.first_row for window in found.windows]),
        last_rows=last_rows,
        entries=entries,
        entry_index=entry_index,
        variation=variation,
    )


def _axis(values: tuple[float, ...], index: NDArray[np.int64]) -> _Axis:
    used, index = np.unique(index, return_inverse=True)
    return _Axis(np.array(values, np.float64)[used], index.ravel())


def _find_candidates(
    prices: Prices,
    levels: SessionLevels,
    windows: list[Window],
    window: NDArray[np.int64],
    grid: Grid,
    index: dict[str, NDArray[np.int64]],
    costs: Costs,
    news: NewsFilter,
) -> tuple[Candidates, NDArray[np.int64]]:
    """Find the candidates of all variations, and the rows of each setting in them.

    A search runs once for each window and each combination of the axis values that it depends on.
    `window` is the index of each setting's window.
    """
    searched = [_values_of(search, grid, index) for search in SEARCHES]
    n_values = [values.shape[1] for values, _ in searched]
    first_rows = len(windows) * np.cumsum([0, *n_values])
    out = no_candidates(int(first_rows[-1]), len(levels.date))
    for search, (values, _), first, n in zip(
        SEARCHES, searched, first_rows[:-1], n_values, strict=True
    ):
        for w, one in enumerate(windows):
            row = int(first) + w * n
            search.find(prices, one, levels, values, costs, news.spans, out, row)
    rows = [
        first + window * n + value_index
        for (_, value_index), first, n in zip(searched, first_rows[:-1], n_values, strict=True)
    ]
    return out, np.stack(rows)


def _values_of(
    search: SignalSearch, grid: Grid, index: dict[str, NDArray[np.int64]]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the combinations of a search's axis values, and the index of each setting's."""
    values, value_index = np.zeros((0, 1)), np.zeros_like(index["stop_mode"])
    for name in search.axes:
        axis = _axis(_axis_values(grid, name), index[name])
        n = len(axis.values)
        values = np.vstack([np.repeat(values, n, axis=1), np.tile(axis.values, values.shape[1])])
        value_index = value_index * n + axis.index_of
    return values, value_index


def _axis_values(grid: Grid, name: str) -> tuple[float, ...]:
    if name == "rebound":
        return tuple(pct if enabled else np.nan for enabled, pct in grid.rebound)
    values: tuple[float, ...] = getattr(grid, name)
    return values


def _enter(
    found: Found, last_rows: NDArray[np.int64], costs: Costs
) -> tuple[Entries, NDArray[np.int32], NDArray[np.int8]]:
    levels = found.levels
    # An entry for every setting and date would fit; what is not touched costs no memory.
    entries = empty_entries(len(found.settings.window) * len(levels.date))
    n_entries, entry_index, variation = collect_entries(
        found.prices,
        found.settings,
        found.candidates,
        last_rows,
        (levels.ib_high + levels.ib_low) / 2,
        np.stack([_start_prices(window) for window in found.windows]),
        costs,
        entries,
    )
    return Entries._make(field[:n_entries] for field in entries), entry_index, variation


def _start_prices(window: Window) -> NDArray[np.float64]:
    """Return the open of the first M2 bar of each date's window, or NaN."""
    some = window.end > window.first
    prices = np.full(len(some), np.nan)
    prices[some] = window.open[window.first[some]]
    return prices
