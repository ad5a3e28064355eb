"""Signals of the variations as candidates for the day's trade.

A signal kernel finds the M2 bar of a signal on one date; a candidate kernel does so for every date
and for a row of settings, and says where and when the trade would be entered. The rules are in
STRATEGY.md, sections 3 and 7.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ib_grid.engine.execution_settings import ORIGINAL, REALISTIC
from ib_grid.engine.fast.compiled import inner_kernel, kernel
from ib_grid.engine.fast.entries import (
    BY_STOP_MODE,
    NO_CANDIDATE,
    NO_ROW,
    is_blocked,
    put,
    row_at_or_after,
)
from ib_grid.grid.variations import VARIATIONS

LONG, SHORT = 1, -1
N_VARIATIONS = len(VARIATIONS)
OCAE, TCWE, REVERSE, REV_RB = map(VARIATIONS.index, ("OCAE", "TCWE", "Reverse", "REV_RB"))

# STRATEGY 4: the order of a candidate is N_VARIATIONS * moment + priority. In `original` REV_RB
# comes after all others, however early it fills.
_AFTER_ALL = 1 << 40


@inner_kernel
def breakout_signal(window, date, high, low, buffer, reach):  # type: ignore[no-untyped-def]
    """Return variation, M2 bar and direction of the OCAE or TCWE signal."""
    eq = (high + low) / 2
    touched = False
    direction = 0
    close = 0.0
    for bar in range(window.first[date], window.end[date]):
        c = window.close[bar]
        # STRATEGY 3, Breakouts: EQ touch and breakout bar
        touched |= window.low[bar] <= eq <= window.high[bar]
        if c > high + buffer and c - high <= reach:
            side = LONG
        elif c < low - buffer and low - c <= reach:
            side = SHORT
        else:
            side = 0
        if direction == 0 and side != 0:
            if touched:
                return OCAE, bar, side  # STRATEGY 3, OCAE
            direction, close = side, c
        elif direction != 0:
            if touched:
                break
            # STRATEGY 3, TCWE
            if side == direction and direction * c > direction * close:
                return TCWE, bar, direction
    return NO_CANDIDATE, -1, 0


@inner_kernel
def entry_row(prices, row, last_row, moment, model):  # type: ignore[no-untyped-def]
    """Return the row of a market order: the first at or after the moment.

    Without one it is the window's last in `original` and NO_ROW in `realistic` (STRATEGY 7).
    """
    row = row_at_or_after(prices, row, last_row, moment)
    if row <= last_row:
        return row
    return last_row if model == ORIGINAL else NO_ROW


@kernel
def find_breakouts(prices, window, levels, values, costs, news, out, first):  # type: ignore[no-untyped-def]
    """Find the candidates of OCAE and TCWE for each (ib_buffer_pct, max_distance_pct)."""
    buffers, reaches = values
    for date in range(len(levels.date)):
        high, low = levels.ib_high[date], levels.ib_low[date]
        for i in range(len(buffers)):
            span = high - low
            variation, bar, direction = breakout_signal(
                window, date, high, low, buffers[i] * span, reaches[i] * span
            )
            if variation == NO_CANDIDATE:
                continue
            moment = window.minute[bar] + 2
            entry_moment = moment + costs.delay
            if moment > window.w1[date] or is_blocked(news, entry_moment):
                continue
            last_row = window.last_row[date]
            if prices.minute[last_row] < moment and costs.model != ORIGINAL:
                continue
            row = entry_row(prices, window.row[bar], last_row, entry_moment, costs.model)
            if costs.model == ORIGINAL:
                order, ref = N_VARIATIONS * bar, window.close[bar]
            else:
                order, ref = N_VARIATIONS * moment, prices.open[row]
            if costs.delay > 0:
                ref = prices.open[row]
            at = first + i, date
            stop = BY_STOP_MODE
            put(out, *at, variation, direction, order, entry_moment, row, ref, ref, stop, False)


@inner_kernel
def change_in_state_of_delivery(window, date, group_first, group_last, side, high, low):  # type: ignore[no-untyped-def]
    """Return the M2 bar of a group's CISD, or -1 if the group is void or has none."""
    # STRATEGY 3, Reverse, step 3: context candle
    context = group_first - 1
    while context >= window.start[date]:
        # an upper group (side +1) wants a bearish bar, a lower group a bullish one
        if side * (window.close[context] - window.open[context]) < 0:
            break
        context -= 1
    if context < window.start[date]:
        return -1
    # STRATEGY 3, Reverse, step 4: CISD
    for bar in range(group_last + 1, window.end[date]):
        c = window.close[bar]
        if side > 0 and c < window.low[context]:
            return -1 if high - c >= 0.5 * (high - low) else bar
        if side < 0 and c > window.high[context]:
            return -1 if c - low >= 0.5 * (high - low) else bar
    return -1


@inner_kernel
def reverse_signal(window, date, high, low, buffer, model):  # type: ignore[no-untyped-def]
    """Return the M2 bar of the CISD that counts, its direction and its group's extreme."""
    found, direction, stop = -1, 0, 0.0
    end = window.end[date]
    # typed: a literal would compile the callee twice
    side, group_first, group_last, extreme = int(np.int64(0)), end, end, 0.0
    for bar in range(window.first[date], end + 1):
        last = bar == end
        if not last:
            o, c = window.open[bar], window.close[bar]
            last = (o > high + buffer and c > high + buffer) or (
                o < low - buffer and c < low - buffer
            )
        # STRATEGY 3, Reverse, steps 1 and 2: sweeps and groups, upper before lower
        for swept_side in (1, -1):
            swept = False
            price = 0.0
            if not last and swept_side > 0:
                price = window.high[bar]
                swept = price > high and o <= high + buffer and c <= high + buffer
            elif not last:
                price = window.low[bar]
                swept = price < low and o >= low - buffer and c >= low - buffer
            if swept and side == swept_side and group_last == bar - 1:
                group_last = bar
                extreme = max(extreme, price) if side > 0 else min(extreme, price)
                continue
            if side != 0 and (swept or last):
                cisd = change_in_state_of_delivery(
                    window, date, group_first, group_last, side, high, low
                )
                # STRATEGY 7.1 and 7.2: which group counts
                if model == ORIGINAL and 0 <= cisd < end - 1:
                    return cisd, -side, extreme
                if model == REALISTIC and cisd >= 0 and (found < 0 or cisd < found):
                    found, direction, stop = cisd, -side, extreme
                side = 0
            if swept:
                side, group_first, group_last, extreme = swept_side, bar, bar, price
        if last:
            break
    return found, direction, stop


@kernel
def find_reverses(prices, window, levels, values, costs, news, out, first):  # type: ignore[no-untyped-def]
    """Find the candidates of Reverse for each ib_buffer_pct."""
    buffers = values[0]
    for date in range(len(levels.date)):
        high, low = levels.ib_high[date], levels.ib_low[date]
        last_row = window.last_row[date]
        for i in range(len(buffers)):
            buffer = buffers[i] * (high - low)
            bar, direction, stop = reverse_signal(window, date, high, low, buffer, costs.model)
            if bar < 0:
                continue
            if costs.model == ORIGINAL:
                entry = bar + 1
                moment, order = window.minute[entry], N_VARIATIONS * entry
                ref, mid = window.open[entry], window.close[bar]
            else:
                moment = window.minute[bar] + 2
                if prices.minute[last_row] < moment:
                    continue
                order = N_VARIATIONS * moment
            moment += costs.delay
            row = entry_row(prices, window.row[bar], last_row, moment, costs.model)
            if costs.model != ORIGINAL or costs.delay > 0:
                ref = mid = prices.open[row]
            if not is_blocked(news, moment):
                at = first + i, date
                put(out, *at, REVERSE, direction, order, moment, row, ref, mid, stop, False)


@inner_kernel
def arming_signal(window, date, high, low, distance):  # type: ignore[no-untyped-def]
    """Return the M2 bar that arms REV_RB, or -1, and the direction of its limit order."""
    for bar in range(window.first[date], window.end[date]):
        # STRATEGY 3, REV_RB
        if window.high[bar] >= high + distance:
            return bar, LONG
        if window.low[bar] <= low - distance:
            return bar, SHORT
    return -1, 0


@kernel
def find_rebounds(prices, window, levels, values, costs, news, out, first):  # type: ignore[no-untyped-def]
    """Find the candidates of REV_RB for each rev_rb_pct, NaN where it is not enabled."""
    pcts = values[0]
    for date in range(len(levels.date)):
        high, low = levels.ib_high[date], levels.ib_low[date]
        last_row = window.last_row[date]
        for i in range(len(pcts)):
            if np.isnan(pcts[i]):
                continue
            armed, direction = arming_signal(window, date, high, low, pcts[i] * (high - low))
            if armed < 0:
                continue
            level = high if direction == LONG else low
            reached = level - direction * costs.through
            placed = window.minute[armed] + 2 + costs.delay
            if costs.model == ORIGINAL:
                bar = armed + 1
                while bar < window.end[date] and not (
                    window.minute[bar] >= placed
                    and (
                        window.low[bar] <= reached
                        if direction == LONG
                        else window.high[bar] >= reached
                    )
                ):
                    bar += 1
                if bar == window.end[date]:
                    continue
                moment = window.minute[bar]
                row = row_at_or_after(prices, window.row[bar], last_row, moment + 2)
                row, order = min(row, last_row), _AFTER_ALL
            else:
                row = row_at_or_after(prices, window.row[armed], last_row, placed)
                while row <= last_row and not (
                    prices.ask_low[row] <= reached
                    if direction == LONG
                    else prices.bid_high[row] >= reached
                ):
                    row += 1
                if row > last_row:
                    continue
                moment = prices.minute[row]
                order = N_VARIATIONS * moment
            if not is_blocked(news, moment):
                stop = (high + low) / 2
                at, limit = (first + i, date), costs.model != ORIGINAL
                put(out, *at, REV_RB, direction, order, moment, row, level, level, stop, limit)


class SignalSearch(NamedTuple):
    """A kernel that finds candidates, and the grid axes that they depend on besides the window.

    Attributes
    ----------
    axes : tuple of str
        Of `Grid.axes`; the kernel gets their combinations as `values`, shape (n_axes, n).
    find : callable
        Writes the candidates of each combination of the values into ``out[first:]``.
    """

    axes: tuple[str, ...]
    find: Callable[..., None]


SEARCHES = (
    SignalSearch(("ib_buffer_pct", "max_distance_pct"), find_breakouts),
    SignalSearch(("ib_buffer_pct",), find_reverses),
    SignalSearch(("rebound",), find_rebounds),
)
