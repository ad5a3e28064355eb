"""Start dates that pass and fail, counted backwards for all exit pairs of a setting at once.

Two challenges with the same trades ahead differ only in the profit made so far. The one with more
reaches its target no later than the other, and its floor no sooner. So before each trade there is a
lowest profit with which a challenge passes, and a lowest profit with which it does not fail. Both
follow from those after the trade:

    required before = min(target, max(bearable, required after - gain))

A challenge at its target has passed; any other has to bear the low of the trade, and to have enough
after it. At the end the target is required to pass, and nothing not to fail. A challenge begun with
the trade has a profit of 0; it passes, fails or stays open by comparison with the two.

**Trailing floor.** From a new highest balance on, a challenge fails like one that begins there. So
the low of a trade is borne by all or by none: by all if a challenge that begins with the trade has
a new highest balance before it meets its floor, which is again a required profit, with a target of
0. As long as the balance is below its highest no challenge passes, so that nothing is missed.

**States.** Where a challenge is more than its profit, there is a row for each state, and a trade
moves some rows to a later one: days that have to count before the target does, or the largest gain
so far, which raises the target by the best-day rule.

That takes a few operations per trade without a branch, which the compiler does for several exit
pairs at once. It finds the outcome, not its date, so that rules with a time limit are left to
`starts.decide`.
"""

from __future__ import annotations

import numpy as np

from ib_grid.account.challenge.date_rules import NEVER, PPM, UNIT, DateRules
from ib_grid.account.challenge.dates import breaches, breaches_daily
from ib_grid.engine.fast.compiled import inner_kernel, kernel
from ib_grid.engine.fast.outcomes import NO_OUTCOME

_MOST_STATES = 40  # beyond, it is faster to decide the combinations concerned one by one


def are_enough(rules: DateRules) -> bool:
    """Return True if required profits decide challenges with these rules.

    They do not where the date of the decision matters, where the floor depends on the profit and
    on the highest profit, or where days have to count before the target does and either the floor
    trails or there are two such counts.
    """
    if min(rules.max_days, rules.horizon) < NEVER or rules.target <= 0 or _may_lock(rules):
        return False
    waits = rules.coast == 0 and rules.min_days > 1
    if rules.trailing:
        return rules.daily_ppm == 0 and rules.min_profit_days == 0 and not waits
    return rules.min_profit_days == 0 or not waits


def _may_lock(rules: DateRules) -> bool:
    """Return True if a floor may stop following the highest balance before the challenge passes."""
    if not rules.trailing or rules.lock == NEVER:
        return False
    return rules.target > rules.lock + rules.loss or rules.best_day_pct > 0


@inner_kernel
def _days_to_wait(rules):  # type: ignore[no-untyped-def]
    """Return how many days have to count before the target does."""
    wait = 0 if rules.coast or rules.min_days <= 1 else rules.min_days
    return max(rules.min_profit_days, wait)


@kernel
def bearable_profits(lows, rules):  # type: ignore[no-untyped-def]
    """Return the lowest profits before trades with these lows that meet no floor.

    The floor is that of a challenge begun with the trade. A daily pause is left out: see
    `exceptional_trades`.
    """
    bearable = np.empty(lows.shape, np.int64)
    for row in range(len(lows)):
        for i in range(lows.shape[1]):
            low = lows[row, i]
            bearable[row, i] = rules.at - rules.loss - low
            if rules.pause:
                continue
            if rules.daily_ppm:
                daily = -UNIT - (low * PPM - rules.at) // rules.daily_ppm
                bearable[row, i] = max(bearable[row, i], daily)
            elif breaches(low, -rules.daily, rules.at):
                bearable[row, i] = NEVER
    return bearable


@kernel
def exceptional_trades(gains, lows, rules):  # type: ignore[no-untyped-def]
    """Return True for trades that may pause a date or break the best-day rule at the target."""
    exceptional = np.zeros(gains.shape, np.bool_)
    if rules.pause or rules.best_day_pct > 0:
        for row in range(len(gains)):
            for i in range(gains.shape[1]):
                pauses = rules.pause and breaches_daily(lows[row, i], -rules.loss, rules)
                is_big = _target_after(gains[row, i], rules) > rules.target
                exceptional[row, i] = pauses or is_big
    return exceptional


@inner_kernel
def _target_after(gain, rules):  # type: ignore[no-untyped-def]
    """Return the lowest profit at which a challenge with this best day passes."""
    share, target = rules.best_day_pct, rules.target
    if share <= 0 or 100 * gain <= share * target:
        return target
    target = max(target, int(100 * gain / share))
    while 100 * gain > share * target:
        target += 1
    return target


@kernel
def count_by_profits(outcome, gains, bearable, exceptional, rules, counts, undecided):  # type: ignore[no-untyped-def]
    """Count the start dates that pass and fail, and tell which combinations stay undecided.

    Undecided are those with exceptional trades, if these cannot be states.

    Parameters
    ----------
    outcome : int32 array, shape (n_settings, n_dates)
        Row of each date's trade in the tables, or NO_OUTCOME.
    gains, bearable : int64 array, shape (n_outcomes, n_exits)
    exceptional : bool array, shape (n_outcomes, n_exits)
    rules : DateRules
        Those that `are_enough` accepts.
    counts : int32 array, shape (3, n_settings, n_exits)
        The first two receive the dates that pass and that fail.
    undecided : bool array, shape (n_settings, n_exits)
    """
    n_settings, n_dates = outcome.shape
    row, n_starts = np.empty(n_dates, np.int64), np.empty(n_dates, np.int64)
    is_exceptional = np.empty(len(gains), np.bool_)
    for outcome_row in range(len(gains)):
        is_exceptional[outcome_row] = exceptional[outcome_row].any()
    for setting in range(n_settings):
        n_trades, before = 0, -1
        for date in range(n_dates):
            if outcome[setting, date] != NO_OUTCOME:
                row[n_trades], n_starts[n_trades] = outcome[setting, date], date - before
                n_trades, before = n_trades + 1, date
        big = _exceptional_of(row[:n_trades], exceptional, is_exceptional, undecided[setting])
        if rules.pause or _days_to_wait(rules) or len(big) > _MOST_STATES:
            big = big[:0]
        else:
            undecided[setting] = False
        _count_setting(
            row[:n_trades],
            n_starts[:n_trades],
            big,
            gains,
            bearable,
            rules,
            counts[0, setting],
            counts[1, setting],
        )


@inner_kernel
def _exceptional_of(row, exceptional, is_exceptional, some):  # type: ignore[no-untyped-def]
    """Return the trades that are exceptional at some exit pair, and tell which pairs have any."""
    found, n = np.empty(len(row), np.int64), 0
    some[:] = False
    for k in range(len(row)):
        if is_exceptional[row[k]]:
            found[n] = k
            n += 1
            for i in range(len(some)):
                some[i] |= exceptional[row[k], i]
    return found[:n]


@inner_kernel
def _count_setting(row, n_starts, big, gains, bearable, rules, passed, failed):  # type: ignore[no-untyped-def]
    """Count the start dates of one setting that pass and fail at each exit pair.

    Parameters
    ----------
    row : int array, shape (n_trades,)
        Row of each trade in the tables.
    n_starts : int array, shape (n_trades,)
        Start dates whose first trade is this one.
    big : int array, shape (n_big,)
        Trades whose gain raises the target by the best-day rule, at some exit pair.
    gains, bearable : int64 array, shape (n_outcomes, n_exits)
    rules : DateRules
    passed, failed : int32 array, shape (n_exits,)
        Receive the counts.
    """
    n, n_exits, n_big, wait = len(row), gains.shape[1], len(big), _days_to_wait(rules)
    targets = _targets(gains, row, big, rules)
    to_pass, to_survive = targets.copy(), np.full(targets.shape, -NEVER, np.int64)
    to_rise, by_all = np.full(n_exits, -NEVER, np.int64), np.empty(n_exits, np.int64)
    n_passed, n_failed = np.zeros(n_exits, np.int64), np.zeros(n_exits, np.int64)
    for k in range(n - 1, -1, -1):
        gain, borne = gains[row[k]], bearable[row[k]]
        if rules.trailing:
            _borne_by_all(to_rise, gain, borne, by_all)
            borne = by_all
        if n_big and big[n_big - 1] == k:
            _remember_gain(to_pass, targets, n_big)
            _remember_gain(to_survive, targets, n_big)
            n_big -= 1
        elif wait:
            _count_day(to_pass, gain, rules)
            _count_day(to_survive, gain, rules)
        for state in range(1, 1 + wait + n_big):
            _step_back(to_pass[state], targets[state], gain, borne)
            _step_back(to_survive[state], targets[state], gain, borne)
        # Coasting takes trades, too.
        can_pass = n_starts[k] if not rules.coast or k + rules.min_days <= n else 0
        starts = to_pass[0], to_survive[0], can_pass, n_starts[k]
        _begin(*starts, targets[0, 0], gain, borne, n_passed, n_failed)
    passed[:], failed[:] = n_passed, n_failed


@inner_kernel
def _targets(gains, row, big, rules):  # type: ignore[no-untyped-def]
    """Return the target in each state, NEVER while days are missing; (n_states, n_exits)."""
    wait, n_exits = _days_to_wait(rules), gains.shape[1]
    targets = np.full((wait + 1 + len(big), n_exits), NEVER, np.int64)
    targets[wait] = rules.target
    for state in range(len(big)):
        for i in range(n_exits):
            targets[wait + 1 + state, i] = _target_after(gains[row[big[state]], i], rules)
    return targets


@inner_kernel
def _step_back(required, target, gain, borne):  # type: ignore[no-untyped-def]
    """Turn the profits required after a trade into those required before it."""
    for i in range(len(gain)):
        required[i] = min(target[i], max(borne[i], required[i] - gain[i]))


@inner_kernel
def _begin(to_pass, to_survive, can_pass, can_fail, target, gain, borne, passed, failed):  # type: ignore[no-untyped-def]
    """Step back in the state in which challenges begin, and count those that begin here."""
    for i in range(len(gain)):
        here, low = gain[i], borne[i]
        pass_from = min(target, max(low, to_pass[i] - here))
        survive_from = min(target, max(low, to_survive[i] - here))
        to_pass[i], to_survive[i] = pass_from, survive_from
        passed[i] += can_pass if pass_from <= 0 else 0
        failed[i] += can_fail if survive_from > 0 else 0


@inner_kernel
def _count_day(required, gain, rules):  # type: ignore[no-untyped-def]
    """Move each state by a day where the day counts: by its profit, or by its trade."""
    counts_from = rules.profit_day if rules.min_profit_days else -NEVER
    for state in range(len(required) - 1):
        for i in range(len(gain)):
            if gain[i] >= counts_from:
                required[state, i] = required[state + 1, i]


@inner_kernel
def _remember_gain(required, targets, big):  # type: ignore[no-untyped-def]
    """Move the states before a big gain to its own state where that raises the target."""
    for state in range(big):
        for i in range(required.shape[1]):
            if targets[big, i] > targets[state, i]:
                required[state, i] = required[big, i]


@inner_kernel
def _borne_by_all(to_rise, gain, borne, by_all):  # type: ignore[no-untyped-def]
    """Tell where a challenge begun with a trade has a new highest balance before its floor.

    There any profit bears the trade, elsewhere none; `to_rise` is the profit required for that.
    """
    for i in range(len(gain)):
        to_rise[i] = max(borne[i], min(0, to_rise[i]) - gain[i])
        by_all[i] = -NEVER if to_rise[i] <= 0 else NEVER
