"""Tests of odds: bootstrap, campaigns, formulas."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ib_grid.account.challenge.bootstrap import MEAN_BLOCK, resampled_dates
from ib_grid.account.challenge.date_rules import UNIT
from ib_grid.account.challenge.gains import Gains
from ib_grid.account.challenge.odds import (
    campaigns,
    no_edge,
    odds,
    sentence,
    starts_of,
    two_barriers,
)
from ib_grid.account.challenge.rule_files import find_rules
from ib_grid.account.challenge.rules import MaxLoss, Rules

FREE = Rules(initial_balance=1e5, target_pct=10, max_loss=MaxLoss(pct=10))


def stream(seed: int, mean_pct: float, n: int = 700, sd_pct: float = 1.0) -> Gains:
    """Return a gain on every date, lows at the losses."""
    gain = np.random.default_rng(seed).normal(mean_pct, sd_pct, n)
    units = np.rint(gain * UNIT / 100).astype(np.int64)
    date = np.arange(n)
    return Gains(calendar=date, date_index=date, gains=units, lows=np.minimum(units, 0))


@pytest.mark.parametrize(
    ("target", "loss", "share"), [(10, 10, 0.5), (8, 10, 10 / 18), (10, 6, 0.375)]
)
def test_a_coin_passes_by_loss_and_target(target: float, loss: float, share: float) -> None:
    rules = dataclasses.replace(FREE, target_pct=target, max_loss=MaxLoss(pct=loss))
    assert no_edge(rules) == pytest.approx(share)
    trailing = dataclasses.replace(rules, max_loss=MaxLoss(pct=loss, mode="trailing_eod"))
    assert no_edge(trailing) < share


@pytest.mark.parametrize("mean_pct", [-0.05, 0.0, 0.05])
def test_bootstrap_agrees_with_the_formula(mean_pct: float) -> None:
    rules = dataclasses.replace(find_rules("ftmo_2step"), phases=(FREE,))
    gains = stream(3, mean_pct)
    found = odds(rules, gains, None)
    assert found.bootstrap.passed == pytest.approx(two_barriers(FREE, gains.per_date), abs=0.04)
    assert found.bootstrap.open < 0.01


def test_resampled_dates_come_in_blocks() -> None:
    dates = resampled_dates(500, 400, 200)
    goes_on = (np.diff(dates, axis=1) % 500 == 1).mean()
    assert goes_on == pytest.approx(1 - 1 / MEAN_BLOCK, abs=0.01)
    assert np.bincount(dates.ravel(), minlength=500).min() > 0
    assert (dates == resampled_dates(500, 400, 200)).all()


def test_campaigns_follow_one_another() -> None:
    gains = stream(5, 0.1)
    starts = starts_of(FREE, gains)
    found = campaigns(starts)
    start = total = 0
    while start < 700 and starts.n_dates[start]:
        start += int(starts.n_dates[start])
        total += 1
    assert found.passed + found.failed == total
    assert found.open == (start < 700)


def test_more_risk_decides_sooner_and_a_horizon_leaves_open() -> None:
    rules = find_rules("ftmo_2step")
    calm, wild = odds(rules, stream(1, 0.02, sd_pct=0.3)), odds(rules, stream(1, 0.02, sd_pct=2))
    assert calm.bootstrap.open > 0.5 > wild.bootstrap.open
    within = [each.passed for each in wild.horizons]
    assert within == sorted(within)
    assert wild.all_phases < wild.bootstrap.passed
    assert wild.payout_less_fee is not None


def test_the_verdict_compares_the_interval_with_a_coin() -> None:
    rules = find_rules("ftmo_2step")
    good, bad = odds(rules, stream(1, 0.3)), odds(rules, stream(1, -0.2))
    assert "is less than the 50% of a coin" in sentence(good, bad)
    assert "is more than the 50% of a coin" in sentence(bad, good)
    assert "cannot be told from the 50% of a coin" in sentence(good, odds(rules, stream(1, 0.0)))


def test_an_interval_that_rounds_to_one_number_is_told_once() -> None:
    rules = find_rules("ftmo_2step")
    lost = odds(rules, stream(1, -2.0))
    assert "the true share is about 0%, which is less than the 50% of a coin" in sentence(
        lost, lost
    )


@pytest.mark.parametrize("mean_pct", [-5.0, 0.0, 5.0])
def test_the_formula_stays_a_share_at_any_drift(mean_pct: float) -> None:
    gains = stream(2, mean_pct, sd_pct=0.01)
    assert 0 <= float(two_barriers(FREE, gains.per_date)) <= 1
    flat = np.zeros(10, np.int64)
    assert float(two_barriers(FREE, flat)) == pytest.approx(0.5)
