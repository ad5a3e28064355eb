"""Figures of challenges show what the simulation found."""

from __future__ import annotations

import numpy as np

from ib_grid import analysis
from ib_grid.account.challenge.date_rules import FAILED, UNIT
from ib_grid.account.challenge.gains import Gains
from ib_grid.account.challenge.odds import campaigns, odds, starts_of
from ib_grid.account.challenge.rule_files import find_rules

RULES = find_rules("ftmo_1step")
PHASE = RULES.targets[0]


def stream(n: int = 400) -> Gains:
    gain = np.random.default_rng(7).normal(0.0, 1.2, n)
    units = np.rint(gain * UNIT / 100).astype(np.int64)
    date = np.arange(n)
    return Gains(
        calendar=date + 19_000, date_index=date, gains=units, lows=np.minimum(units, -UNIT // 500)
    )


def test_odds_have_a_line_per_horizon_and_that_of_a_coin() -> None:
    found = {risk: odds(RULES, stream()) for risk in (0.5, 1.0)}
    names = [line.name for line in analysis.odds_figure(found, {}).data]
    assert names[:2] == ["60 dates", "120 dates"]
    assert names[-1] == "a coin, no time limit"
    outside = analysis.odds_figure(found, {0.5: found[0.5]})
    assert "out of sample, 120 dates" in [line.name for line in outside.data]


def test_the_strip_holds_every_start_date() -> None:
    gains = stream()
    starts = starts_of(PHASE, gains)
    drawn = analysis.starts_figure(gains, starts)
    assert sum(len(bars.x) for bars in drawn.data) == len(gains.calendar)
    assert len(drawn.data[1].x) == (starts.outcome == FAILED).sum()


def test_equity_restarts_after_each_challenge() -> None:
    gains = stream()
    found = campaigns(starts_of(PHASE, gains))
    by_name = {line.name: line for line in analysis.floors_figure(gains, PHASE).data}
    lows, floors = by_name["lowest of the date"].y, by_name["total floor"].y
    daily = by_name["daily floor"].y
    gaps = [i for i, value in enumerate(by_name["balance"].y) if value is None]
    assert len(gaps) == found.passed + found.failed + found.open
    below = [
        low < max(floor, day)
        for low, floor, day in zip(lows, floors, daily, strict=True)
        if low is not None
    ]
    assert sum(below) == found.failed > 0
