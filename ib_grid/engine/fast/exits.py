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


class Path(NamedTuple):
    """Prices that a position watches from its entry bar on, as a long sees them; (n_bars,).

    Each is the bar's price on the side of the book on which the position leaves.
    """

    open: NDArray[np.float64]
    best: NDArray[np.float64]
    worst: NDArray[np.float64]
    close: NDArray[np.float64]


@inner_kernel
def path_of(prices, entries, index, end_row, costs):  # type: ignore[no-untyped-def]
    """Return the path of an entry up to `end_row`."""
    first, direction = entries.row[index], entries.direction[index]
    path = np.empty((4, end_row - first), np.float64)
    for bar in range(end_row - first):
        row = first + bar
        half = 0.0 if costs.model == ORIGINAL else prices.half[row]
        path[0, bar] = direction * prices.open[row] - half
        path[1, bar] = prices.bid_high[row] if direction > 0 else -prices.ask_low[row]
        path[2, bar] = prices.bid_low[row] if direction > 0 else -prices.ask_high[row]
        path[3, bar] = direction * prices.close[row] - half
    return Path(path[0], path[1], path[2], path[3])


@inner_kernel
def simulate_realistic(path, bar, stop, target, risk, tsl_target, tsl_sl):  # type: ignore[no-untyped-def]
    """Return exit bar (or past the path), price, reason, ambiguity and low (STRATEGY 7.2).

    Prices are as a long sees them. The low is the worst price that the position may have seen in
    the bar of the exit.
    """
    stop_step, target_step = tsl_sl * risk, tsl_target * risk
    while bar < len(path.open):
        best, worst = path.best[bar], path.worst[bar]
        if worst > stop and best < target:
            bar += 1
            continue
        o = path.open[bar]
        if o <= stop:  # STRATEGY 7.2, exits, step 1
            return bar, o, STOP, False, o
        gapped = o >= target  # step 2
        if gapped and tsl_target == 0:
            return bar, o, TP, False, o
        while o >= target:
            stop, target = stop + stop_step, target + target_step
            if stop >= o:
                return bar, o, TSL_MARKET, False, o
        if worst <= stop:  # step 3
            return bar, stop, STOP, best >= target and not gapped, stop
        if best >= target:  # step 4
            if tsl_target == 0:
                return bar, target, TP, False, worst
            while best >= target:
                reached = target
                stop, target = stop + stop_step, target + target_step
                if stop >= reached:
                    return bar, reached, TSL_MARKET, False, worst
            if path.close[bar] <= stop:  # step 5
                return bar, stop, STOP, False, worst
        bar += 1
    return bar, 0.0, TIME, False, 0.0


@inner_kernel
def simulate_original(path, bar, stop, target, risk, tsl_target, tsl_sl):  # type: ignore[no-untyped-def]
    """Return exit bar (or past the path), price, reason, ambiguity and low (STRATEGY 7.1).

    Prices and the low are as in `simulate_realistic`.
    """
    stop_step, target_step = tsl_sl * risk, tsl_target * risk
    while bar < len(path.open):
        best, worst = path.best[bar], path.worst[bar]
        if worst > stop and best < target:
            bar += 1
            continue
        ambiguous = worst <= stop < path.open[bar] < target <= best
        if tsl_target == 0 and best >= target:
            return bar, target, TP, ambiguous, worst
        noted = stop
        while tsl_target > 0 and best >= target:
            stop, target = stop + stop_step, target + target_step
        if worst <= noted:
            return bar, min(noted, best), STOP, ambiguous, noted
        bar += 1
    return bar, 0.0, TIME, False, 0.0


@inner_kernel
def watch_from(path, limit, stop, target, costs):  # type: ignore[no-untyped-def]
    """Find the first bar in which a position reaches its first stop or target.

    Returns that bar, whether the target is reached in it, and whether it is the bar in which the
    limit order filled, on which only the stop counts.
    """
    if limit and path.worst[0] <= stop:
        return 0, False, True
    for bar in range(1 if limit or costs.model == ORIGINAL else 0, len(path.open)):
        if path.worst[bar] <= stop or path.best[bar] >= target:
            return bar, path.best[bar] >= target, False
    return len(path.open), False, False


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
        path = path_of(prices, entries, index, end_row[entries.date[index]], costs)
        direction, risk = entries.direction[index], entries.risk[index]
        stop, limit = direction * entries.stop[index], entries.limit[index]
        rr_target, target, from_bar, trails, on_fill = 0.0, 0.0, 0, True, False
        for i in range(n_exits):
            if pairs[i, 0] != rr_target:
                rr_target = pairs[i, 0]
                target = direction * target_price(entries, index, rr_target)
                from_bar, reached, on_fill = watch_from(path, limit, stop, target, costs)
                trails = True
            if trails:
                bar, price, _, ambiguous, low = exit_before_end(
                    path, from_bar, on_fill, stop, target, risk, pairs[i, 1], pairs[i, 2], costs
                )
                rows[index, i], lows[index, i] = entries.row[index] + bar, low
                ambiguities[index, i] = ambiguous
                rs[index, i] = result_r(entries, index, direction * price, costs)
                trails = reached
            else:  # left before any trailing: as the pair before
                rows[index, i], rs[index, i] = rows[index, i - 1], rs[index, i - 1]
                ambiguities[index, i] = ambiguities[index, i - 1]
                lows[index, i] = lows[index, i - 1]
        any_ambiguous[index] = ambiguities[index].any()
    return Exits(rows, rs, ambiguities, lows, any_ambiguous)


@inner_kernel
def exit_before_end(path, bar, on_fill, stop, target, risk, tsl_target, tsl_sl, costs):  # type: ignore[no-untyped-def]
    """Return exit bar (or past the path), price, reason, ambiguity and low from `bar` on.

    Prices are as a long sees them. A risk of 0 is the invalid trade of `original`, whose price has
    no effect.
    """
    if risk == 0:
        return 0, stop, INVALID, False, stop
    if on_fill:
        return bar, stop - costs.slippage, STOP, False, stop
    if costs.model == ORIGINAL:
        return simulate_original(path, bar, stop, target, risk, tsl_target, tsl_sl)
    bar, price, reason, ambiguous, low = simulate_realistic(
        path, bar, stop, target, risk, tsl_target, tsl_sl
    )
    if reason != TP:
        price -= costs.slippage
    return bar, price, reason, ambiguous, low


@kernel
def exit_of(prices, entries, index, pair, first_row, last_row, costs):  # type: ignore[no-untyped-def]
    """Return target, exit row, price, reason, ambiguity, R and the worst R of one trade."""
    path = path_of(prices, entries, index, last_row + 1, costs)
    direction = entries.direction[index]
    stop, target = direction * entries.stop[index], target_price(entries, index, pair[0])
    from_bar, _, on_fill = watch_from(path, entries.limit[index], stop, direction * target, costs)
    bar, price, reason, ambiguous, low = exit_before_end(
        path,
        from_bar,
        on_fill,
        stop,
        direction * target,
        entries.risk[index],
        pair[1],
        pair[2],
        costs,
    )
    row, price = entries.row[index] + bar, direction * price
    lows = lows_until(path, bar, costs)
    if reason == INVALID:
        price = entries.fill[index]
    elif reason == TIME:
        row, low = last_row, lows[-1]
        price = time_exit_price(prices, entries, index, first_row, last_row, costs)
    r = result_r(entries, index, price, costs)
    worst = worst_r(entries, index, r, low, lows[-1], costs)
    return target, row, price, reason, ambiguous, r, worst


@inner_kernel
def lows_until(path, end, costs):  # type: ignore[no-untyped-def]
    """Return the lowest price seen in the first 0, 1, 2, … bars watched before bar `end`.

    Infinity for no bar (STRATEGY 7, floating result).
    """
    first = 1 if costs.model == ORIGINAL else 0
    lows = np.empty(max(end - first, 0) + 1, np.float64)
    lows[0] = np.inf
    for bar in range(len(lows) - 1):
        lows[bar + 1] = min(lows[bar], path.worst[first + bar])
    return lows


@inner_kernel
def worst_r(entries, index, r, low, low_before, costs):  # type: ignore[no-untyped-def]
    """Return the lowest floating R from the lows of the exit bar and of the bars before it."""
    price = entries.direction[index] * min(low, low_before)
    return min(r, result_r(entries, index, price, costs))
