"""From an entry to its exit (STRATEGY.md, sections 6 and 7).

A short is walked as a long on negated prices: negation is exact, so every comparison and every sum
comes out as if it had been written for both sides.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ib_grid.engine.execution import ORIGINAL
from ib_grid.engine.fast.compiled import kernel

STOP, TP, TIME, TSL_MARKET, INVALID = 0, 1, 2, 3, 4  # places in results.EXIT_REASONS
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
    any_ambiguous : bool array, shape (n_entries,)
    """

    row: NDArray[np.int32]
    r: NDArray[np.float64]
    ambiguous: NDArray[np.bool_]
    any_ambiguous: NDArray[np.bool_]


@kernel
def result_r(entries, place, exit_price, costs):  # type: ignore[no-untyped-def]
    """Result of an entry left at this price, in units of its risk."""
    if entries.risk[place] == 0:
        return 0.0
    gain = entries.direction[place] * (exit_price - entries.fill[place])
    r = (gain - costs.commission) / entries.risk[place]
    return 0.0 if abs(r) <= ZERO_R else r


@kernel
def time_exit_price(prices, entries, place, first_row, last_row, costs):  # type: ignore[no-untyped-def]
    """Price at which an entry still held is left at the end of the window."""
    direction = entries.direction[place]
    if costs.model == ORIGINAL:
        return prices.close[max(last_row - 1, first_row)] - direction * costs.half
    return prices.close[last_row] - direction * costs.half - direction * costs.slippage


@kernel
def _extremes(prices, row, direction, offset):  # type: ignore[no-untyped-def]
    """Best and worst price of a bar as a long sees them, `offset` below the mid price."""
    if direction > 0:
        return prices.high[row] - offset, prices.low[row] - offset
    return -prices.low[row] - offset, -prices.high[row] - offset


@kernel
def walk_realistic(  # type: ignore[no-untyped-def]
    prices, row, end_row, direction, stop, target, risk, tsl_target, tsl_sl, half
):
    """Exit row (or `end_row`), price, reason and ambiguity of a position of `realistic`.

    `stop` and `target`, and the price returned, are as a long sees them: times `direction`.
    """
    stop_step, target_step = tsl_sl * risk, tsl_target * risk
    while row < end_row:
        best, worst = _extremes(prices, row, direction, half)
        if worst > stop and best < target:
            row += 1
            continue
        o = direction * prices.open[row] - half
        if o <= stop:
            return row, o, STOP, False
        gapped = o >= target
        if gapped and tsl_target == 0:
            return row, o, TP, False
        while o >= target:
            stop, target = stop + stop_step, target + target_step
            if stop >= o:
                return row, o, TSL_MARKET, False
        if worst <= stop:
            return row, stop, STOP, best >= target and not gapped
        if best >= target:
            if tsl_target == 0:
                return row, target, TP, False
            while best >= target:
                reached = target
                stop, target = stop + stop_step, target + target_step
                if stop >= reached:
                    return row, reached, TSL_MARKET, False
            if direction * prices.close[row] - half <= stop:
                return row, stop, STOP, False
        row += 1
    return end_row, 0.0, TIME, False


@kernel
def walk_original(  # type: ignore[no-untyped-def]
    prices, row, end_row, direction, stop, target, risk, tsl_target, tsl_sl
):
    """Exit row (or `end_row`), price, reason and ambiguity of a position of `original`.

    `stop` and `target`, and the price returned, are as a long sees them: times `direction`.
    """
    stop_step, target_step = tsl_sl * risk, tsl_target * risk
    while row < end_row:
        best, worst = _extremes(prices, row, direction, 0.0)
        if worst > stop and best < target:
            row += 1
            continue
        ambiguous = worst <= stop < direction * prices.open[row] < target <= best
        if tsl_target == 0 and best >= target:
            return row, target, TP, ambiguous
        noted = stop
        while tsl_target > 0 and best >= target:
            stop, target = stop + stop_step, target + target_step
        if worst <= noted:
            return row, min(noted, best), STOP, ambiguous
        row += 1
    return end_row, 0.0, TIME, False


@kernel
def watch_from(prices, entries, place, end_row, target, costs):  # type: ignore[no-untyped-def]
    """First row in which a position that does not trail yet reaches stop or target, or `end_row`.

    Returns that row, whether the target is reached in it, and whether it is the bar in which the
    limit order filled, on which only the stop counts.
    """
    row, direction = entries.row[place], entries.direction[place]
    stop = direction * entries.stop[place]
    offset = 0.0 if costs.model == ORIGINAL else costs.half
    if entries.limit[place]:
        _, worst = _extremes(prices, row, direction, offset)
        if worst <= stop:
            return row, False, True
    if entries.limit[place] or costs.model == ORIGINAL:
        row += 1
    while row < end_row:
        best, worst = _extremes(prices, row, direction, offset)
        if worst <= stop or best >= target:
            return row, best >= target, False
        row += 1
    return end_row, False, False


@kernel
def walk(prices, entries, place, from_row, end_row, target, pair, costs):  # type: ignore[no-untyped-def]
    """Exit row (or `end_row`), price, reason and ambiguity of an entry watched from `from_row`.

    `target` is as a long sees it, the price returned is the real one.
    """
    direction, risk = entries.direction[place], entries.risk[place]
    stop = direction * entries.stop[place]
    _, tsl_target, tsl_sl = pair
    if costs.model == ORIGINAL:
        row, price, reason, ambiguous = walk_original(
            prices, from_row, end_row, direction, stop, target, risk, tsl_target, tsl_sl
        )
        return row, direction * price, reason, ambiguous
    row, price, reason, ambiguous = walk_realistic(
        prices, from_row, end_row, direction, stop, target, risk, tsl_target, tsl_sl, costs.half
    )
    if reason != TP:
        price -= costs.slippage
    return row, direction * price, reason, ambiguous


@kernel
def target_price(entries, place, rr_target):  # type: ignore[no-untyped-def]
    """Target as set at entry."""
    distance = abs(entries.ref[place] - entries.stop[place])
    return entries.ref[place] + entries.direction[place] * (rr_target * distance)


@kernel
def walk_all(prices, entries, end_row, pairs, costs):  # type: ignore[no-untyped-def]
    """Exits of every entry for each of `pairs`, up to each date's `end_row`.

    Parameters
    ----------
    pairs : float64 array, shape (n_exits, 3)
        rr_target, tsl_target and tsl_sl. Neighbours with one rr_target share their way to the first
        bar that reaches stop or target.
    """
    n_entries, n_exits = len(entries.row), len(pairs)
    rows = np.empty((n_entries, n_exits), np.int32)
    rs = np.empty((n_entries, n_exits), np.float64)
    ambiguities = np.empty((n_entries, n_exits), np.bool_)
    any_ambiguous = np.empty(n_entries, np.bool_)
    for place in range(n_entries):
        end = end_row[entries.date[place]]
        rr_target, target, from_row, trails, on_fill = 0.0, 0.0, 0, True, False
        for i in range(n_exits):
            if pairs[i, 0] != rr_target:
                rr_target = pairs[i, 0]
                target = entries.direction[place] * target_price(entries, place, rr_target)
                from_row, reached, on_fill = watch_from(prices, entries, place, end, target, costs)
                trails = True
            if trails:
                row, price, _, ambiguous = exit_before_end(
                    prices, entries, place, from_row, on_fill, end, target, pairs[i], costs
                )
                rows[place, i], ambiguities[place, i] = row, ambiguous
                rs[place, i] = result_r(entries, place, price, costs)
                trails = reached
            else:  # left before any trailing: as the pair before
                rows[place, i], ambiguities[place, i] = (
                    rows[place, i - 1],
                    ambiguities[place, i - 1],
                )
                rs[place, i] = rs[place, i - 1]
        any_ambiguous[place] = ambiguities[place].any()
    return Exits(rows, rs, ambiguities, any_ambiguous)


@kernel
def exit_before_end(prices, entries, place, from_row, on_fill, end_row, target, pair, costs):  # type: ignore[no-untyped-def]
    """Exit row (or `end_row`), price, reason and ambiguity of an entry."""
    if entries.risk[place] == 0:
        return entries.row[place], entries.fill[place], INVALID, False
    if on_fill:
        price = entries.stop[place] - entries.direction[place] * costs.slippage
        return from_row, price, STOP, False
    return walk(prices, entries, place, from_row, end_row, target, pair, costs)


@kernel
def exit_of(prices, entries, place, pair, first_row, last_row, costs):  # type: ignore[no-untyped-def]
    """Target, exit row, price, reason, ambiguity and R of one trade in a window."""
    target = target_price(entries, place, pair[0])
    seen = entries.direction[place] * target
    end = last_row + 1
    from_row, _, on_fill = watch_from(prices, entries, place, end, seen, costs)
    row, price, reason, ambiguous = exit_before_end(
        prices, entries, place, from_row, on_fill, end, seen, pair, costs
    )
    if reason == TIME:
        row = last_row
        price = time_exit_price(prices, entries, place, first_row, last_row, costs)
    return target, row, price, reason, ambiguous, result_r(entries, place, price, costs)
