"""Tests of required profits against challenges simulated one by one."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_grid.account.challenge.date_rules import NEVER, UNIT, DateRules, date_rules
from ib_grid.account.challenge.dates import breaches, breaches_daily
from ib_grid.account.challenge.rule_files import examples, find_rules
from ib_grid.account.whole_grid.counts import count
from ib_grid.account.whole_grid.required_profits import are_enough, bearable_profits
from ib_grid.engine.fast.outcomes import NO_OUTCOME
from tests.ib_grid.account.challenge.simulated_starts import (
    FREE,
    R,
    random_rules,
    simulated,
    starts_of,
)
from tests.ib_grid.account.golden import cases

HALF = R // 2
RULES = st.builds(
    FREE._replace,
    target=st.sampled_from([NEVER, *(n * HALF for n in range(1, 9))]),
    loss=st.integers(1, 9).map(HALF.__mul__),
    lock=st.sampled_from([NEVER, NEVER, 0, R]),
    daily=st.sampled_from([NEVER, R, 2 * R]),
    daily_ppm=st.sampled_from([0, 0, 10_000, 20_000, 30_001]),
    at=st.integers(0, 1),
    trailing=st.integers(0, 1),
    pause=st.integers(0, 1),
    coast=st.integers(0, 1),
    min_days=st.integers(0, 4),
    min_profit_days=st.integers(0, 3),
    profit_day=st.sampled_from([0, HALF, R]),
    best_day_pct=st.sampled_from([0.0, 0.0, 33.3, 50.0, 70.0]),
)


def counted(
    outcome: np.ndarray, gains: np.ndarray, lows: np.ndarray, calendar: np.ndarray, rules: DateRules
) -> np.ndarray:
    """Return the counts of the fast way, shape (n_settings, n_exits, 3)."""
    return np.moveaxis(count(outcome, gains, lows, calendar, rules), 0, -1)


def counted_one_by_one(
    outcome: np.ndarray, gains: np.ndarray, lows: np.ndarray, calendar: np.ndarray, rules: DateRules
) -> np.ndarray:
    """Return the same counts from simulations of every start."""
    counts = np.empty((len(outcome), gains.shape[1], 3), np.int32)
    for setting, row in enumerate(outcome):
        date = np.flatnonzero(row != NO_OUTCOME)
        for i in range(gains.shape[1]):
            own = gains[row[date], i], lows[row[date], i]
            counts[setting, i] = simulated(date, *own, calendar, rules).counts
    return counts


@st.composite
def steps(draw: st.DrawFn, n_outcomes: int, n_exits: int) -> tuple[np.ndarray, np.ndarray]:
    """Return gains and lows in steps of a half R, so that limits are often reached exactly."""
    n = n_outcomes * n_exits
    gain = draw(st.lists(st.integers(-4, 6), min_size=n, max_size=n))
    below = draw(st.lists(st.integers(0, 3), min_size=n, max_size=n))
    gains = HALF * np.array(gain, np.int64).reshape(n_outcomes, n_exits)
    lows = np.minimum(gains, 0) - HALF * np.array(below, np.int64).reshape(gains.shape)
    return gains, lows


LOCKS = st.builds(
    FREE._replace,
    target=st.integers(2, 8).map(HALF.__mul__),
    loss=st.integers(1, 4).map(HALF.__mul__),
    lock=st.integers(0, 2).map(HALF.__mul__),
    at=st.integers(0, 1),
    trailing=st.just(1),
    best_day_pct=st.sampled_from([0.0, 50.0]),
)


@given(rules=RULES | LOCKS, table=steps(6, 2), data=st.data())
def test_counts_equal_simulated_ones(
    rules: DateRules, table: tuple[np.ndarray, np.ndarray], data: st.DataObject
) -> None:
    row = data.draw(st.lists(st.integers(NO_OUTCOME, 5), max_size=14))
    challenges = (np.array([row], np.int32), *table, np.arange(len(row)), rules)
    assert np.array_equal(counted(*challenges), counted_one_by_one(*challenges))


def decisive_rules(random: np.random.Generator) -> DateRules:
    """Return random rules; half of them are met after few trades, most have no time limit."""
    rules = random_rules(random)
    if random.integers(4):
        rules = rules._replace(max_days=NEVER, horizon=NEVER)
    if random.integers(2):
        rules = rules._replace(target=int(random.integers(1, 6)) * HALF, min_profit_days=0)
    if random.integers(8) == 0:
        limits = {name: int(random.integers(1, 5)) * HALF for name in ("target", "loss", "lock")}
        rules = rules._replace(trailing=1, daily=NEVER, daily_ppm=0, **limits)
    return rules


def test_counts_of_many_random_tables_equal_simulated_ones() -> None:
    random = np.random.default_rng(20240109)
    n_starts = n_enough = 0
    while n_starts < 200_000:
        n_dates, n_exits = int(random.integers(0, 50)), int(random.integers(1, 4))
        gains = random.integers(-3, 5, (30, n_exits)) * HALF
        lows = np.minimum(gains, 0) - random.integers(0, 4, gains.shape) * HALF
        outcome = random.integers(0, 30, (1, n_dates)).astype(np.int32)
        outcome[random.random(outcome.shape) < random.random()] = NO_OUTCOME
        rules = decisive_rules(random)
        challenges = (outcome, gains, lows, np.arange(n_dates), rules)
        assert np.array_equal(counted(*challenges), counted_one_by_one(*challenges)), rules
        n_starts += n_exits * n_dates
        n_enough += n_exits * n_dates * are_enough(rules)
    assert n_starts / 2 < n_enough < 0.9 * n_starts


@pytest.mark.parametrize("n_big", [1, 60])
def test_few_and_many_big_gains_are_counted_alike(n_big: int) -> None:
    random = np.random.default_rng(20240110)
    rules = FREE._replace(target=4 * R, loss=6 * R, best_day_pct=40.0, trailing=1)
    gains = random.integers(-2, 3, (200, 5)) * HALF
    gains[:n_big] = 2 * R + random.integers(0, 9, (n_big, 5)) * HALF
    lows = np.minimum(gains, 0) - HALF
    outcome = random.permutation(200).astype(np.int32)[None]
    challenges = (outcome, gains, lows, np.arange(200), rules)
    assert np.array_equal(counted(*challenges), counted_one_by_one(*challenges))


@given(
    rules=RULES, low=st.integers(-6 * R, 0) | st.integers(-12, 0).map(HALF.__mul__), data=st.data()
)
def test_bearable_profit_is_the_lowest_that_meets_no_floor(
    rules: DateRules, low: int, data: st.DataObject
) -> None:
    rules = rules._replace(pause=0, trailing=0)
    found = int(bearable_profits(np.array([[low]]), rules)[0, 0])

    def meets_floor(profit: int) -> bool:
        total = breaches(profit + low, -rules.loss, rules.at)
        return bool(total or breaches_daily(low, profit, rules))

    if found == NEVER:
        found = data.draw(st.integers(-UNIT, UNIT))
        assert meets_floor(found)
    else:
        assert not meets_floor(found)
        assert meets_floor(found - 1)


GOLDEN = cases("every_start")


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_starts_are_counted(name: str) -> None:
    date, gains, lows, calendar, rules = starts_of(GOLDEN[name])
    outcome = np.full((1, len(calendar)), NO_OUTCOME, np.int32)
    outcome[0, date] = np.arange(len(date))
    found = counted(outcome, gains[:, None], lows[:, None], calendar, rules)
    expected = Counter(result for result, _ in GOLDEN[name]["expect"])
    assert found.ravel().tolist() == [expected[result] for result in ("pass", "fail", "open")]


@pytest.mark.parametrize("name", examples())
def test_required_profits_are_enough_for_the_examples(name: str) -> None:
    assert all(are_enough(date_rules(phase)) for phase in find_rules(name).targets)
