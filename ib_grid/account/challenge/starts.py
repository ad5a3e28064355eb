"""Challenges begun on every date of a combination, in time proportional to its trades.

The trades are taken from the last to the first. Of the balances after later trades only those
matter that are higher than all between; of the lows only those that are lower. Both are stacks, and
the decision is the nearest element beyond a limit: a finger that moves on from where it was for the
next start. Limits are whole numbers, so the decisions are those of `dates.simulate_trades`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ib_grid.account.challenge.date_rules import FAILED, NEVER, OPEN, PASSED, PPM, UNIT, DateRules
from ib_grid.account.challenge.dates import (
    breaches_daily,
    outcome_of_start,
    simulate_trades,
)
from ib_grid.engine.fast.compiled import kernel


class Starts(NamedTuple):
    """Outcome of a challenge begun on each session date.

    Attributes
    ----------
    outcome : int8 array, shape (n_dates,)
        PASSED, FAILED or OPEN.
    n_dates : int32 array, shape (n_dates,)
        Session dates from the first to the deciding one; 0 while open.
    """

    outcome: NDArray[np.int8]
    n_dates: NDArray[np.int32]

    @property
    def counts(self) -> tuple[int, int, int]:
        """Number of dates whose challenge passed, failed, and is open."""
        passed, failed, still_open = np.bincount(self.outcome, minlength=3).tolist()
        return passed, failed, still_open


class Scratch(NamedTuple):
    """Working space of `decide` for one combination."""

    values: NDArray[np.int64]
    trades: NDArray[np.int64]
    balance: NDArray[np.int64]
    profit_trades: NDArray[np.int64]


@kernel
def scratch(n_trades):  # type: ignore[no-untyped-def]
    """Return working space for so many trades."""
    shape = (3, n_trades + 1)
    return Scratch(
        np.empty(shape, np.int64),
        np.empty(shape, np.int64),
        np.empty(n_trades + 1, np.int64),
        np.empty(n_trades + 1, np.int64),
    )


def every_start(
    date_index: NDArray[np.int64],
    gains: NDArray[np.int64],
    lows: NDArray[np.int64],
    calendar: NDArray[np.int64],
    rules: DateRules,
) -> Starts:
    """Return the outcome of a challenge begun on every session date.

    Parameters
    ----------
    date_index : int64 array, shape (n_trades,)
        Position of each trade's date in the calendar, ascending.
    gains, lows : int64 array, shape (n_trades,)
        Result and worst floating result of each trade, in units of `date_rules`; ``lows <= gains``.
    calendar : int64 array, shape (n_dates,)
        Session dates in days since 1970-01-01.
    rules : DateRules
    """
    n = len(gains)
    outcome, trade = np.empty(n, np.int8), np.empty(n, np.int64)
    decide(gains, lows, rules, scratch(n), outcome, trade)
    starts = Starts(np.empty(len(calendar), np.int8), np.empty(len(calendar), np.int32))
    _spread_over_dates(date_index, outcome, trade, calendar, rules, starts)
    return starts


@kernel
def _spread_over_dates(date_index, outcome, trade, calendar, rules, starts):  # type: ignore[no-untyped-def]
    """Give every date the outcome of its first trade."""
    first = 0
    for start in range(len(calendar)):
        while first < len(date_index) and date_index[first] < start:
            first += 1
        found, decided = OPEN, len(calendar)
        if first < len(date_index) and outcome[first] != OPEN:
            found, decided = outcome[first], date_index[trade[first]]
        starts.outcome[start], starts.n_dates[start] = outcome_of_start(
            found, decided, start, calendar, rules
        )


@kernel
def count_starts(date_index, outcome, trade, calendar, rules):  # type: ignore[no-untyped-def]
    """Return how many dates passed, failed and are open."""
    n_passed, n_failed, n_dates, before = 0, 0, len(calendar), -1
    for first in range(len(date_index)):
        date, decided = date_index[first], n_dates
        if outcome[first] != OPEN:
            decided = date_index[trade[first]]
        if rules.max_days < UNIT:
            for start in range(before + 1, date + 1):
                found, _ = outcome_of_start(outcome[first], decided, start, calendar, rules)
                n_passed += found == PASSED
                n_failed += found == FAILED
        elif outcome[first] != OPEN:
            n = date - max(before, decided - rules.horizon)
            n_passed += n * (n > 0 and outcome[first] == PASSED)
            n_failed += n * (n > 0 and outcome[first] == FAILED)
        before = date
    for start in range(before + 1, n_dates if rules.max_days < UNIT else 0):
        found, _ = outcome_of_start(OPEN, n_dates, start, calendar, rules)
        n_failed += found == FAILED
    return n_passed, n_failed, n_dates - n_passed - n_failed


@kernel
def _push(values, trades, top, value, trade):  # type: ignore[no-untyped-def]
    """Put a value above the lower ones of a stack; return the new top."""
    while top >= 0 and values[top] >= value:
        top -= 1
    values[top + 1], trades[top + 1] = value, trade
    return top + 1


@kernel
def _seek(values, top, finger, limit):  # type: ignore[no-untyped-def]
    """Return the highest place whose value is at most the limit, or -1."""
    finger = min(finger, top)
    while finger < top and values[finger + 1] <= limit:
        finger += 1
    while finger >= 0 and values[finger] > limit:
        finger -= 1
    return finger


@kernel
def _pauses(lows, rules):  # type: ignore[no-untyped-def]
    """Return True if a daily pause may come: then a gain depends on the balance before."""
    if not rules.pause or len(lows) == 0:
        return False
    return breaches_daily(lows.min(), -rules.loss, rules)


@kernel
def decide(gains, lows, rules, work, outcome, trade):  # type: ignore[no-untyped-def]
    """Decide the challenges begun with each trade, as `dates.simulate_trades` does.

    `outcome` and `trade` receive the outcome and the deciding trade of each.
    """
    n = len(gains)
    if rules.lock != NEVER or _pauses(lows, rules):
        for first in range(n):
            outcome[first], trade[first], _ = simulate_trades(gains, lows, first, rules)
        return
    highest, balance, strict = 0, work.balance, 1 - rules.at
    balance[0] = 0
    for k in range(n):
        balance[k + 1] = balance[k] + gains[k]
        highest = max(highest, gains[k])
    unequal = rules.best_day_pct > 0 and 100 * highest > rules.best_day_pct * rules.target
    low_values, day_values, high_values = work.values[0], work.values[1], work.values[2]
    low_trades, day_trades, high_trades = work.trades[0], work.trades[1], work.trades[2]
    top_low = top_day = top_high = finger_low = finger_day = finger_high = -1
    next_high, n_profits, next_daily, trailing = n - 1, 0, n, n
    for k in range(n - 1, -1, -1):
        low = balance[k] + lows[k]
        top_low = _push(low_values, low_trades, top_low, low, k)
        finger_low = _seek(low_values, top_low, finger_low, balance[k] - rules.loss - strict)
        failed = low_trades[finger_low] if finger_low >= 0 else n
        if rules.trailing:  # from the next start, the floor is as high or higher
            trailing = failed = min(failed, trailing)
        if rules.daily_ppm:
            value = lows[k] * PPM + rules.daily_ppm * balance[k]
            top_day = _push(day_values, day_trades, top_day, value, k)
            limit = rules.daily_ppm * (balance[k] - UNIT) - strict
            finger_day = _seek(day_values, top_day, finger_day, limit)
            next_daily = day_trades[finger_day] if finger_day >= 0 else n
        elif breaches_daily(lows[k], 0, rules):
            next_daily = k
        if not rules.pause:
            failed = min(failed, next_daily)
        passes_from = k if rules.coast else k + max(rules.min_days - 1, 0)
        if rules.min_profit_days:
            if gains[k] >= rules.profit_day:
                work.profit_trades[n_profits] = k
                n_profits += 1
            missing = n_profits - rules.min_profit_days
            passes_from = max(passes_from, work.profit_trades[missing] if missing >= 0 else n)
        while next_high >= passes_from:
            top_high = _push(high_values, high_trades, top_high, -balance[next_high + 1], next_high)
            next_high -= 1
        finger_high = _seek(high_values, top_high, finger_high, -balance[k] - rules.target)
        passed = high_trades[finger_high] if finger_high >= 0 else n
        if passed < failed and unequal:
            outcome[k], trade[k], _ = simulate_trades(gains, lows, k, rules)
        elif passed < failed:
            last = max(passed, k + rules.min_days - 1) if rules.coast else passed
            outcome[k], trade[k] = (PASSED, last) if last < n else (OPEN, n)
        else:
            outcome[k], trade[k] = (FAILED, failed) if failed < n else (OPEN, n)
