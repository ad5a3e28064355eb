"""Exits of entries (STRATEGY.md, sections 6 and 7).

A short is simulated as a long on negated prices. Negation is exact, so every comparison and every
sum comes out as if it had been written for both sides.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ib_grid.engine.execution_settings import ORIGINAL
from ib_grid.engine.fast.compiled import inner_kernel, kernel

STOP, TP, TIME, TSL_MARKET, INVALID = 0, 1, 2, 3, 4  # indices of EXIT_REASONS
ZERO_R = 1e-9


class Exits(NamedTuple):
    """Exits of each entry for each pair of target and trailing; arrays (n_entries, n_exits).

    Attributes
    ----------
    row : int32 array
        M1 row of the exit; past every window where stop and target were not reached.
    r : float64 array
        Result in R if the exit comes before the window's end.
    ambiguous : bool array
    low : float64 array
        Worst price that the position may have seen in the bar of the exit, as a long sees it.
    any_ambiguous : bool array, shape (n_entries,)
    """

    row: NDArray[np.int32]
    r: NDArray[np.float64]
    ambiguous: NDArray[np.bool_]
    low: NDArray[np.float64]
    any_ambiguous: NDArray[np.bool_]


@inner_kernel
def result_r(entries, index, exit_price, costs):  # type: ignore[no-untyped-def]
    """Return R of an entry that exits at this price (STRATEGY 5, step 7)."""
    if entries.risk[index] == 0:
        return 0.0
    gain = entries.direction[index] * (exit_price - entries.fill[index])
    r = (gain - costs.commission) / entries.risk[index]
    return 0.0 if abs(r) <= ZERO_R else r


@inner_kernel
def time_exit_price(prices, entries, index, first_row, last_row, costs):  # type: ignore[no-untyped-def]
    """Return the price of a time exit at the end of the window."""
    direction = entries.direction[index]
    if costs.model == ORIGINAL:
        return prices.close[max(last_row - 1, first_row)] - direction * prices.half[last_row]
    return prices.close[last_row] - direction * prices.half[last_row] - direction * costs.slippage


@inner_kernel
def _extremes(prices, row, direction):  # type: ignore[no-untyped-def]
    """Return the best and worst price that a position watches in a bar, as a long sees them."""
    if direction > 0:
        return prices.bid_high[row], prices.bid_low[row]
    return -prices.ask_low[row], -prices.ask_high[row]


@inner_kernel
def simulate_realistic(  # type: ignore[no-untyped-def]
    prices, row, end_row, direction, stop, target, risk, tsl_target, tsl_sl
):
    """Return exit row (or `end_row`), price, reason, ambiguity and low (STRATEGY 7.2).

    `stop` and `target`, and the prices returned, are as a long sees them: times `direction`. The
    low is the worst price that the position may have seen in the bar of the exit.
    """
    stop_step, target_step = tsl_sl * risk, tsl_target * risk
    while row < end_row:
        best, worst = _extremes(prices, row, direction)
        if worst > stop and best < target:
            row += 1
            continue
        half = prices.half[row]
        o = direction * prices.open[row] - half
        if o <= stop:  # STRATEGY 7.2, exits, step 1
            return row, o, STOP, False, o
        gapped = o >= target  # step 2
        if gapped and tsl_target == 0:
            return row, o, TP, False, o
        while o >= target:
            stop, target = stop + stop_step, target + target_step
            if stop >= o:
                return row, o, TSL_MARKET, False, o
        if worst <= stop:  # step 3
            return row, stop, STOP, best >= target and not gapped, stop
        if best >= target:  # step 4
            if tsl_target == 0:
                return row, target, TP, False, worst
            while best >= target:
                reached = target
                stop, target = stop + stop_step, target + target_step
                if stop >= reached:
                    return row, reached, TSL_MARKET, False, worst
            if direction * prices.close[row] - half <= stop:  # step 5
                return row, stop, STOP, False, worst
        row += 1
    return end_row, 0.0, TIME, False, 0.0


@inner_kernel
def simulate_original(  # type: ignore[no-untyped-def]
    prices, row, end_row, direction, stop, target, risk, tsl_target, tsl_sl
):
    """Return exit row (or `end_row`), price, reason, ambiguity and low (STRATEGY 7.1).

    `stop` and `target`, and the prices returned, are as in `simulate_realistic`.
    """
    stop_step, target_step = tsl_sl * risk, tsl_target * risk
    while row < end_row:
        best, worst = _extremes(prices, row, direction)
        if worst > stop and best < target:
            row += 1
            continue
        ambiguous = worst <= stop < direction * prices.open[row] < target <= best
        if tsl_target == 0 and best >= target:
            return row, target, TP, ambiguous, worst
        noted = stop
        while tsl_target > 0 and best >= target:
            stop, target = stop + stop_step, target + target_step
        if worst <= noted:
            return row, min(noted, best), STOP, ambiguous, noted
        row += 1
    return end_row, 0.0, TIME, False, 0.0


@inner_kernel
def watch_from(prices, entries, index, end_row, target, costs):  # type: ignore[no-untyped-def]
    """Find the first row in which a position reaches its first stop or target.

    Returns that row, whether the target is reached in it, and whether it is the bar in which the
    limit order filled, on which only the stop counts.
    """
    row, direction = entries.row[index], entries.direction[index]
    stop = direction * entries.stop[index]
    if entries.limit[index]:
        _, worst = _extremes(prices, row, direction)
        if worst <= stop:
            return row, False, True
    if entries.limit[index] or costs.model == ORIGINAL:
        row += 1
    while row < end_row:
        best, worst = _extremes(prices, row, direction)
        if worst <= stop or best >= target:
            return row, best >= target, False
        row += 1
    return end_row, False, False


@inner_kernel
def simulate(prices, entries, index, from_row, end_row, target, pair, costs):  # type: ignore[no-untyped-def]
    """Return exit row (or `end_row`), price, reason, ambiguity and low from `from_row` on.

    `target` and the low are as a long sees them, the price returned is the real one.
    """
    direction, risk = entries.direction[index], entries.risk[index]
    stop = direction * entries.stop[index]
    _, tsl_target, tsl_sl = pair
    if costs.model == ORIGINAL:
        row, price, reason, ambiguous, low = simulate_original(
            prices, from_row, end_row, direction, stop, target, risk, tsl_target, tsl_sl
        )
        return row, direction * price, reason, ambiguous, low
    row, price, reason, ambiguous, low = simulate_realistic(
        prices, from_row, end_row, direction, stop, target, risk, tsl_target, tsl_sl
    )
    if reason != TP:
        price -= costs.slippage
    return row, direction * price, reason, ambiguous, low


@inner_kernel
def target_price(entries, index, rr_target):  # type: ignore[no-untyped-def]
    """Return the target as set at entry (STRATEGY 5, step 4)."""
    distance = abs(entries.ref[index] - entries.stop[index])
    return entries.ref[index] + entries.direction[index] * (rr_target * distance)


@kernel
def simulate_exits(prices, entries, end_row, pairs, costs):  # type: ignore[no-untyped-def]
    """Simulate the exits of every entry for each of `pairs`, up to each date's `end_row`.

    Pairs are rr_target, tsl_target and tsl_sl, shape (n_exits, 3). Neighbours with one rr_target
    share their way to the first bar that reaches stop or target.
    """
    n_entries, n_exits = len(entries.row), len(pairs)
    rows = np.empty((n_entries, n_exits), np.int32)
    rs = np.empty((n_entries, n_exits), np.float64)
    ambiguities = np.empty((n_entries, n_exits), np.bool_)
    lows = np.empty((n_entries, n_exits), np.float64)
    any_ambiguous = np.empty(n_entries, np.bool_)
    for index in range(n_entries):
        end = end_row[entries.date[index]]
        rr_target, target, from_row, trails, on_fill = 0.0, 0.0, 0, True, False
        for i in range(n_exits):
            if pairs[i, 0] != rr_target:
                rr_target = pairs[i, 0]
                target = entries.direction[index] * target_price(entries, index, rr_target)
                from_row, reached, on_fill = watch_from(prices, entries, index, end, target, costs)
                trails = True
            if trails:
                row, price, _, ambiguous, low = exit_before_end(
                    prices, entries, index, from_row, on_fill, end, target, pairs[i], costs
                )
                rows[index, i], ambiguities[index, i], lows[index, i] = row, ambiguous, low
                rs[index, i] = result_r(entries, index, price, costs)
                trails = reached
            else:  # left before any trailing: as the pair before
                rows[index, i], rs[index, i] = rows[index, i - 1], rs[index, i - 1]
                ambiguities[index, i] = ambiguities[index, i - 1]
                lows[index, i] = lows[index, i - 1]
        any_ambiguous[index] = ambiguities[index].any()
    return Exits(rows, rs, ambiguities, lows, any_ambiguous)


@inner_kernel
def exit_before_end(prices, entries, index, from_row, on_fill, end_row, target, pair, costs):  # type: ignore[no-untyped-def]
    """Return exit row (or `end_row`), price, reason, ambiguity and low of an entry."""
    direction, stop = entries.direction[index], entries.stop[index]
    if entries.risk[index] == 0:
        fill = entries.fill[index]
        return entries.row[index], fill, INVALID, False, direction * fill
    if on_fill:
        return from_row, stop - direction * costs.slippage, STOP, False, direction * stop
    return simulate(prices, entries, index, from_row, end_row, target, pair, costs)


@kernel
def exit_of(prices, entries, index, pair, first_row, last_row, costs):  # type: ignore[no-untyped-def]
    """Return target, exit row, price, reason, ambiguity, R and the worst R of one trade."""
    target = target_price(entries, index, pair[0])
    seen = entries.direction[index] * target
    end = last_row + 1
    from_row, _, on_fill = watch_from(prices, entries, index, end, seen, costs)
    row, price, reason, ambiguous, low = exit_before_end(
        prices, entries, index, from_row, on_fill, end, seen, pair, costs
    )
    lows = lows_until(prices, entries, index, row, costs)
    if reason == TIME:
        row, low = last_row, lows[-1]
        price = time_exit_price(prices, entries, index, first_row, last_row, costs)
    r = result_r(entries, index, price, costs)
    return (
        target,
        row,
        price,
        reason,
        ambiguous,
        r,
        worst_r(entries, index, r, low, lows[-1], costs),
    )


@inner_kernel
def lows_until(prices, entries, index, end_row, costs):  # type: ignore[no-untyped-def]
    """Return the lowest price seen in the first 0, 1, 2, … bars watched before `end_row`.

    As a long sees it; infinity for no bar (STRATEGY 7, floating result).
    """
    first = entries.row[index] + (1 if costs.model == ORIGINAL else 0)
    lows = np.empty(max(end_row - first, 0) + 1, np.float64)
    lows[0] = np.inf
    for bar in range(len(lows) - 1):
        _, worst = _extremes(prices, first + bar, entries.direction[index])
        lows[bar + 1] = min(lows[bar], worst)
    return lows


@inner_kernel
def worst_r(entries, index, r, low, low_before, costs):  # type: ignore[no-untyped-def]
    """Return the lowest floating R from the lows of the exit bar and of the bars before it."""
    price = entries.direction[index] * min(low, low_before)
    return min(r, result_r(entries, index, price, costs))
