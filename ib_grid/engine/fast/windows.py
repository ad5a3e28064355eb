"""Trade windows and their two-minute bars (STRATEGY.md, sections 1, 2 and 7)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ib_grid.engine.execution_settings import ORIGINAL, Execution
from ib_grid.engine.fast.compiled import inner_kernel, kernel
from ib_grid.market.bars import Bars
from ib_grid.market.levels import SessionLevels

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Prices(NamedTuple):
    """One-minute bars as the kernels take them; arrays of shape (n_bars,).

    `half` is half the spread: the distance of bid and ask from the mid prices. A position watches
    the highs and lows of its exit side: a long those of the bid, a short those of the ask, both the
    mid prices in `original`.
    """

    minute: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    half: Floats
    bid_high: Floats
    bid_low: Floats
    ask_high: Floats
    ask_low: Floats


class Window(NamedTuple):
    """One wait and trade window on every session date, and its M2 bars.

    The M2 bars of date ``d`` are ``start[d]:end[d]``: first those of the context, then, from
    ``first[d]``, those of the window that the model looks at. A date that cannot be traded has
    none.

    Attributes
    ----------
    w1 : int64 array, shape (n_dates,)
        UTC minute at which the window ends.
    first_row, last_row : int64 array, shape (n_dates,)
        First and last M1 row of the window; ``last_row < first_row`` where it has none.
    start, first, end : int64 array, shape (n_dates,)
    row, minute : int64 array, shape (n_m2,)
        First M1 row, and even UTC minute, of each M2 bar.
    open, high, low, close : float64 array, shape (n_m2,)
    """

    w1: Ints
    first_row: Ints
    last_row: Ints
    start: Ints
    first: Ints
    end: Ints
    row: Ints
    minute: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats


def prices_of(bars: Bars, execution: Execution) -> Prices:
    """Return the arrays of some bars, for the kernels."""
    half = execution.half_spreads(bars.minute)
    off = np.zeros_like(half) if execution.model_code == ORIGINAL else half
    high, low = bars.high, bars.low
    watched = (high - off, low - off, high + off, low + off)
    return Prices(bars.minute, bars.open, high, low, bars.close, half, *watched)


def build_windows(
    prices: Prices,
    levels: SessionLevels,
    wait_minutes: int,
    window_minutes: NDArray[np.float64],
    model: int,
) -> list[Window]:
    """Return the windows of several lengths, shape (n_windows,), after one wait.

    The M2 bars of a shorter window are the first of the longest one's. In `original` W1 cuts a
    window's last M2 bar, so each window has its own.
    """
    lengths = [int(minutes) for minutes in window_minutes]
    if model == ORIGINAL:
        return [build_window(prices, levels, wait_minutes, n, model) for n in lengths]
    longest = build_window(prices, levels, wait_minutes, max(lengths), model)
    return [_shortened(longest, prices, levels, wait_minutes + n) for n in lengths]


def _shortened(window: Window, prices: Prices, levels: SessionLevels, minutes: int) -> Window:
    """Return a window that ends so many minutes after the Initial Balance (`realistic`)."""
    w1 = levels.ib_end + minutes
    last_row = np.searchsorted(prices.minute, w1) - 1
    tradable = (levels.ib_high > levels.ib_low) & (last_row >= window.first_row)
    end = np.searchsorted(window.minute, w1 - 2, side="right")
    return window._replace(
        w1=w1,
        last_row=last_row,
        end=np.where(tradable, np.clip(end, window.first, window.end), window.start),
        first=np.where(tradable, window.first, window.start),
    )


def build_window(
    prices: Prices,
    levels: SessionLevels,
    wait_minutes: int,
    window_minutes: int,
    model: int,
) -> Window:
    """Return the window ``wait_minutes`` after the Initial Balance, ``window_minutes`` long."""
    w0 = levels.ib_end + wait_minutes
    w1 = w0 + window_minutes
    past_end = w1 + 1 if model == ORIGINAL else w1
    ib_row = np.searchsorted(prices.minute, levels.ib_start)
    first_row = np.searchsorted(prices.minute, w0)
    last_row = np.searchsorted(prices.minute, past_end) - 1
    tradable = (levels.ib_high > levels.ib_low) & (last_row >= first_row)
    # `original` looks at the bar that W1 cuts, `realistic` only at bars that end by W1.
    latest_start = w1 if model == ORIGINAL else w1 - 2
    spans = np.stack([ib_row, first_row, last_row + 1, latest_start], axis=1)
    size = int((last_row + 1 - ib_row)[tradable].sum())
    joined = _join_spans(prices, spans, tradable, size)
    return Window(w1, first_row, last_row, *joined)


@kernel
def _join_spans(prices, spans, tradable, size):  # type: ignore[no-untyped-def]
    """Join the M2 bars of each date's context and window."""
    n_dates = len(tradable)
    start = np.empty(n_dates, np.int64)
    first = np.empty(n_dates, np.int64)
    end = np.empty(n_dates, np.int64)
    m2_index = np.empty((2, size), np.int64)
    ohlc = np.empty((4, size), np.float64)
    n = np.int64(0)  # typed: a literal would compile the callee twice
    for date in range(n_dates):
        ib_row, first_row, end_row, latest_start = spans[date]
        start[date] = n
        if tradable[date]:
            n = _join(prices, ib_row, first_row, prices.minute[first_row], m2_index, ohlc, n)
        first[date] = n
        if tradable[date]:
            n = _join(prices, first_row, end_row, latest_start, m2_index, ohlc, n)
        end[date] = n
    m2_index, ohlc = m2_index[:, :n], ohlc[:, :n]
    return start, first, end, m2_index[0], m2_index[1], ohlc[0], ohlc[1], ohlc[2], ohlc[3]


@inner_kernel
def _join(prices, first_row, end_row, latest_start, m2_index, ohlc, n):  # type: ignore[no-untyped-def]
    """Append the M2 bars of M1 rows ``first_row:end_row`` that start by `latest_start`."""
    row = first_row
    if row < end_row and prices.minute[row] & 1:
        row += 1  # the span begins in the middle of a bin: the bin is dropped
    while row < end_row:
        minute = prices.minute[row] & ~1  # even
        if minute > latest_start:
            break
        m2_index[0, n], m2_index[1, n] = row, minute
        ohlc[0, n], ohlc[1, n] = prices.open[row], prices.high[row]
        ohlc[2, n], ohlc[3, n] = prices.low[row], prices.close[row]
        row += 1
        if row < end_row and prices.minute[row] == minute + 1:
            ohlc[1, n] = max(ohlc[1, n], prices.high[row])
            ohlc[2, n] = min(ohlc[2, n], prices.low[row])
            ohlc[3, n] = prices.close[row]
            row += 1
        n += 1
    return n
