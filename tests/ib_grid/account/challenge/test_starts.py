"""Tests of challenges begun on every date."""

from __future__ import annotations

import numpy as np
import pytest

from ib_grid.account.challenge import date_rules
from ib_grid.account.challenge.starts import count_starts, decide, every_start, scratch
from tests.ib_grid.account.challenge.simulated_starts import R, random_rules, simulated, starts_of
from tests.ib_grid.account.golden import cases

CASES = cases("every_start")
NAMES = ("pass", "fail", "open")


@pytest.mark.parametrize("name", CASES)
def test_golden_starts(name: str) -> None:
    given = starts_of(CASES[name])
    for found in (f(*given) for f in (every_start, simulated)):
        said = [
            [NAMES[outcome], int(n) or None]
            for outcome, n in zip(found.outcome, found.n_dates, strict=True)
        ]
        assert said == CASES[name]["expect"]


def test_fast_starts_equal_starts_simulated_one_by_one() -> None:
    random = np.random.default_rng(20240108)
    n_starts = 0
    while n_starts < 60_000:
        n_dates = int(random.integers(0, 160))
        date = np.flatnonzero(random.random(n_dates) < random.random())
        # Steps of a half R, so that limits are often reached exactly.
        gains = random.integers(-2, 4, len(date)) * (R // 2)
        lows = np.minimum(gains, -random.integers(0, 6, len(date)) * (R // 2))
        calendar = np.cumsum(random.choice([1, 1, 1, 1, 3], n_dates))
        rules = random_rules(random)
        found = every_start(date, gains, lows, calendar, rules)
        expected = simulated(date, gains, lows, calendar, rules)
        assert np.array_equal(found.outcome, expected.outcome), rules
        assert np.array_equal(found.n_dates, expected.n_dates), rules
        outcome, trade = np.empty(len(date), np.int8), np.empty(len(date), np.int64)
        decide(gains, lows, rules, scratch(len(date)), outcome, trade)
        assert count_starts(date, outcome, trade, calendar, rules) == expected.counts
        n_starts += n_dates


def test_units_are_exact_for_every_percentage_with_two_decimals() -> None:
    shares = np.arange(10_000) / 10_000
    assert (date_rules.in_units(shares) == np.arange(10_000) * 10_000).all()
