"""Simulation of a challenge date by date, for combinations with at most one trade per date.

A date's trade has a gain and a low, the worst that it floated to; both in units of `date_rules`.
"""

from __future__ import annotations

from ib_grid.account.challenge.date_rules import FAILED, OPEN, PASSED, PPM, UNIT
from ib_grid.engine.fast.compiled import kernel


@kernel
def breaches(amount, floor, at):  # type: ignore[no-untyped-def]
    """Return True if an equity breaches a floor."""
    return amount <= floor if at else amount < floor


@kernel
def breaches_daily(low, balance, rules):  # type: ignore[no-untyped-def]
    """Return True if a low breaches the daily limit of a date that starts with a balance."""
    if rules.daily_ppm:
        return breaches(low * PPM, -rules.daily_ppm * (UNIT + balance), rules.at)
    return breaches(low, -rules.daily, rules.at)


@kernel
def daily_amount(balance, rules):  # type: ignore[no-untyped-def]
    """Return the loss at which the daily limit stands."""
    if rules.daily_ppm:
        return rules.daily_ppm * (UNIT + balance) // PPM
    return rules.daily


@kernel
def simulate_trades(gains, lows, first, rules):  # type: ignore[no-untyped-def]
    """Simulate a challenge from one trade on, without regard to the calendar.

    Returns
    -------
    outcome, trade, balance
        PASSED, FAILED or OPEN; the trade that decided, or the number of trades; and the balance
        above the initial one, in units.
    """
    balance = peak = best_day = 0
    days = profit_days = 0
    coasts = False
    for k in range(first, len(gains)):
        days += 1
        if coasts:
            if days >= rules.min_days:
                return PASSED, k, balance
            continue
        gain = gains[k]
        floor = min((peak if rules.trailing else 0) - rules.loss, rules.lock)
        daily = daily_amount(balance, rules)
        if breaches_daily(lows[k], balance, rules):
            if not rules.pause:
                return FAILED, k, balance + lows[k]
            if balance - daily > floor:
                gain = -daily  # closed at the daily floor, before the lower one is met
            elif breaches(balance + lows[k], floor, rules.at):
                return FAILED, k, balance + lows[k]
        elif breaches(balance + lows[k], floor, rules.at):
            return FAILED, k, balance + lows[k]
        balance += gain
        peak = max(peak, balance)
        best_day = max(best_day, gain)
        profit_days += gain >= rules.profit_day
        if balance < rules.target or profit_days < rules.min_profit_days:
            continue
        if rules.best_day_pct > 0 and 100 * best_day > rules.best_day_pct * balance:
            continue
        if days >= rules.min_days:
            return PASSED, k, balance
        coasts = rules.coast == 1
    return OPEN, len(gains), balance


@kernel
def outcome_of_start(outcome, decided, start, calendar, rules):  # type: ignore[no-untyped-def]
    """Return the outcome of a challenge begun on a date, and the dates that it took.

    `decided` is the date of the decision, which counts if it comes within the horizon and the
    calendar days of the rules. A challenge that is still open at its last calendar day has failed.
    """
    if rules.max_days < UNIT:
        last = start
        while last < len(calendar) and calendar[last] - calendar[start] < rules.max_days:
            last += 1
        if last < len(calendar) and (outcome == OPEN or decided >= last):
            outcome, decided = FAILED, last
    if outcome == OPEN or decided - start + 1 > rules.horizon:
        return OPEN, 0
    return outcome, decided - start + 1
