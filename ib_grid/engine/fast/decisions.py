"""What the settings of a chunk enter on each date: signals, race and entries put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ib_grid.engine.context import BacktestContext
from ib_grid.engine.execution import ORIGINAL, Execution
from ib_grid.engine.fast.entries import Entries, Settings, collect_entries, empty_entries
from ib_grid.engine.fast.signals import (
    Candidates,
    find_breakouts,
    find_rebounds,
    find_reverses,
    no_candidates,
)
from ib_grid.engine.fast.windows import Prices, Window, build_window, prices_of
from ib_grid.grid.chunks import Chunk
from ib_grid.grid.grid import Grid
from ib_grid.market.levels import SessionLevels
from ib_grid.news import NewsFilter


class Costs(NamedTuple):
    """Costs in points, 0 where the model does not apply them."""

    half: float
    slippage: float
    commission: float
    model: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """Each day's trade of each setting of a chunk.

    Attributes
    ----------
    prices : Prices
    levels : SessionLevels
    window : int64 array, shape (n_settings,)
        Place of each setting's trade window in `first_rows` and `last_rows`.
    first_rows, last_rows : int64 array, shape (n_windows, n_dates)
        M1 rows of the trade windows.
    entries : Entries
    chosen : int32 array, shape (n_settings, n_dates)
        Place in `entries`, or NO_ENTRY.
    variation : int8 array, shape (n_settings, n_dates)
        Place in `results.VARIATIONS`, or NO_CANDIDATE.
    """

    prices: Prices
    levels: SessionLevels
    window: NDArray[np.int64]
    first_rows: NDArray[np.int64]
    last_rows: NDArray[np.int64]
    entries: Entries
    chosen: NDArray[np.int32]
    variation: NDArray[np.int8]


class _Axis(NamedTuple):
    """The values of one parameter that occur in a chunk, and each setting's place among them."""

    values: NDArray[np.float64]
    place: NDArray[np.int64]


def costs_of(execution: Execution) -> Costs:
    """The costs as the kernels take them."""
    half, original = execution.half_spread_points, execution.model_code == ORIGINAL
    if original:
        return Costs(half, 0.0, 0.0, execution.model_code)
    return Costs(half, execution.slippage_points, execution.commission_points, execution.model_code)


class Found(NamedTuple):
    """The candidates of a chunk's settings, and what they were found in."""

    prices: Prices
    levels: SessionLevels
    windows: list[Window]
    candidates: Candidates
    settings: Settings


def find(context: BacktestContext, grid: Grid, chunk: Chunk, costs: Costs) -> Found:
    """The candidates of a chunk's settings that the news filter leaves."""
    wait = grid.ib_wait_minutes[chunk.wait_index]
    place = grid.places(chunk.ids[:: grid.exits_per_setting])
    minutes = _axis(grid.trade_window_minutes, place["trade_window_minutes"])
    longest = wait + int(minutes.values.max())
    levels = context.market.session_levels(grid.sessions[chunk.session_index], longest)
    prices = prices_of(context.market.bars)
    windows = [build_window(prices, levels, wait, int(m), costs.model) for m in minutes.values]
    candidates, settings = _find_candidates(
        prices, levels, windows, minutes.place, grid, place, costs, context.news
    )
    return Found(prices, levels, windows, candidates, settings)


def decide(context: BacktestContext, grid: Grid, chunk: Chunk, costs: Costs) -> Decisions:
    """Each day's trade of each setting of a chunk."""
    found = find(context, grid, chunk, costs)
    entries, chosen, variation = _enter(found, costs)
    return Decisions(
        prices=found.prices,
        levels=found.levels,
        window=found.settings.window,
        first_rows=np.stack([window.first_row for window in found.windows]),
        last_rows=np.stack([window.last_row for window in found.windows]),
        entries=entries,
        chosen=chosen,
        variation=variation,
    )


def _axis(values: tuple[float, ...], place: NDArray[np.int64]) -> _Axis:
    used, place = np.unique(place, return_inverse=True)
    return _Axis(np.array(values, np.float64)[used], place.ravel())


def _find_candidates(
    prices: Prices,
    levels: SessionLevels,
    windows: list[Window],
    window: NDArray[np.int64],
    grid: Grid,
    place: dict[str, NDArray[np.int64]],
    costs: Costs,
    news: NewsFilter,
) -> tuple[Candidates, Settings]:
    """The candidates of all variations, and the rows of each setting in them.

    OCAE and TCWE depend on window, buffer and reach, Reverse on window and buffer, REV_RB on window
    and rev_rb_pct: each is found once for every such set of values that occurs.
    """
    buffer = _axis(grid.ib_buffer_pct, place["ib_buffer_pct"])
    reach = _axis(grid.max_distance_pct, place["max_distance_pct"])
    rebound = _axis(tuple(pct for _, pct in grid.rebound), place["rebound"])
    n_buffer, n_reach, n_rebound = len(buffer.values), len(reach.values), len(rebound.values)
    first_reverse = len(windows) * n_buffer * n_reach
    first_rebound = first_reverse + len(windows) * n_buffer
    out = no_candidates(first_rebound + len(windows) * n_rebound, len(levels.date))
    pairs = np.repeat(buffer.values, n_reach), np.tile(reach.values, n_buffer)
    spans, half, model = news.spans, costs.half, costs.model
    for w, one in enumerate(windows):
        row = w * n_buffer * n_reach
        find_breakouts(prices, one, levels, *pairs, spans, model, out, row)
        row = first_reverse + w * n_buffer
        find_reverses(prices, one, levels, buffer.values, spans, model, out, row)
        row = first_rebound + w * n_rebound
        find_rebounds(prices, one, levels, rebound.values, half, spans, model, out, row)
    enabled = np.array([on for on, _ in grid.rebound])[place["rebound"]]
    settings = Settings(
        breakout=(window * n_buffer + buffer.place) * n_reach + reach.place,
        reverse=first_reverse + window * n_buffer + buffer.place,
        rebound=np.where(enabled, first_rebound + window * n_rebound + rebound.place, -1),
        window=window,
        stop_at_eq=np.array([mode == "eq" for mode in grid.stop_mode])[place["stop_mode"]],
        min_sl_pct=np.array(grid.min_sl_pct, np.float64)[place["min_sl_pct"]],
    )
    return out, settings


def _enter(found: Found, costs: Costs) -> tuple[Entries, NDArray[np.int32], NDArray[np.int8]]:
    levels = found.levels
    # An entry for every setting and date would fit; what is not touched costs no memory.
    entries = empty_entries(len(found.settings.window) * len(levels.date))
    n_entries, chosen, variation = collect_entries(
        found.settings,
        found.candidates,
        (levels.ib_high + levels.ib_low) / 2,
        np.stack([_start_prices(window) for window in found.windows]),
        costs,
        entries,
    )
    return Entries._make(field[:n_entries] for field in entries), chosen, variation


def _start_prices(window: Window) -> NDArray[np.float64]:
    """Open of the first M2 bar of each date's window; NaN where it has none."""
    some = window.end > window.first
    prices = np.full(len(some), np.nan)
    prices[some] = window.open[window.first[some]]
    return prices
