"""Compact bars near the sessions, and the check that they reach far enough."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_grid.errors import DataError, GridError
from ib_grid.market.bars import PRICES, Bars
from ib_grid.market.instruments import GER40, XAUUSD
from ib_grid.market.levels import session_levels
from ib_grid.market.market import build_market
from tests.helpers import strategies

BERLIN = GER40.sessions
A_DAY = np.arange(19_814 * 1440, 19_815 * 1440)  # 2024-04-01, UTC


def flat_bars(minute: np.ndarray) -> Bars:
    price = np.full(len(minute), 100.0)
    return Bars(minute=minute, open=price, high=price, low=price, close=price)


@given(scene=strategies.scenes(), horizon_minutes=st.integers(1, 120))
def test_bars_near_the_sessions_are_kept(scene, horizon_minutes):
    sessions = tuple({scene.session, BERLIN[0]})
    market = build_market(scene.bars, sessions, horizon_minutes)
    near = {
        minute
        for session in sessions
        for levels in [session_levels(scene.bars, session)]
        for start, end in zip(levels.ib_start.tolist(), levels.ib_end.tolist(), strict=True)
        for minute in range(start, end + horizon_minutes + 1)
    }
    rows = np.array([minute in near for minute in scene.bars.minute.tolist()])
    assert market.bars.minute.tolist() == scene.bars.minute[rows].tolist()
    for name in PRICES:
        assert getattr(market.bars, name).tolist() == getattr(scene.bars, name)[rows].tolist()


@given(scene=strategies.scenes())
def test_levels_are_those_of_the_bars(scene):
    market = build_market(scene.bars, (scene.session,), 60)
    expected = session_levels(scene.bars, scene.session)
    actual = market.session_levels(scene.session, 60)
    for name in expected._fields:
        assert getattr(actual, name).tolist() == getattr(expected, name).tolist()


def test_levels_computed_before_are_taken():
    bars = flat_bars(A_DAY)
    known = session_levels(bars, BERLIN[0])._replace(ib_high=np.array([123.0]))
    market = build_market(bars, BERLIN[:2], 60, levels={BERLIN[0]: known})
    assert market.session_levels(BERLIN[0], 60).ib_high.tolist() == [123.0]
    assert market.session_levels(BERLIN[1], 60).ib_high.tolist() == [100.0]


def test_unsupported_session_or_horizon():
    market = build_market(flat_bars(A_DAY), BERLIN[:1], 60)
    assert len(market.session_levels(BERLIN[0], 60).date) == 1
    with pytest.raises(GridError, match="the market covers 08:00-08:30, 60 min"):
        market.session_levels(BERLIN[0], 61)
    with pytest.raises(GridError, match="the market covers"):
        market.session_levels(XAUUSD.sessions[0], 60)


def test_no_bar_in_any_session():
    bars = flat_bars(A_DAY[:60])
    with pytest.raises(DataError, match="no bar lies in any of the sessions") as error:
        build_market(bars, BERLIN, 60)
    assert error.value.exit_status == 2


def test_one_session_without_bars_has_no_dates():
    night = strategies.SESSIONS[-1]
    market = build_market(flat_bars(A_DAY[:600]), (BERLIN[0], night), 60)
    assert len(market.session_levels(BERLIN[0], 60).date) == 1
    assert len(market.session_levels(night, 60).date) == 0


def test_pickles_between_processes():
    bars = flat_bars(A_DAY)
    market = build_market(bars, BERLIN, 60)
    other = pickle.loads(pickle.dumps(market))
    assert other.bars.minute.tolist() == market.bars.minute.tolist()
    assert other.horizon_minutes == 60
    assert list(other.levels) == list(BERLIN)
