"""Session dates that take part, and later ones held out."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ib_grid.errors import ConfigError
from ib_grid.market.clock import date_of, day_number
from ib_grid.market.instruments import GER40
from ib_grid.market.levels import SessionLevels
from ib_grid.market.session_dates import SessionDates

FIRST, SECOND = GER40.sessions[:2]
DAY = day_number(dt.date(2024, 1, 1))
dates_of_january = st.dates(dt.date(2024, 1, 1), dt.date(2024, 1, 31))


def levels_of(days: list[int]) -> SessionLevels:
    date = np.array(days, np.int64) + DAY
    return SessionLevels(date, date * 1440, date * 1440 + 60, date + 1.0, date + 0.0, date)


def dates(levels: dict) -> list[dt.date]:
    return [date_of(day) for day in np.unique(np.concatenate([lv.date for lv in levels.values()]))]


ten_dates = {FIRST: levels_of([0, 1, 2, 3, 4, 5, 6, 7, 8]), SECOND: levels_of([1, 9])}


@given(
    days=st.sets(st.integers(0, 30), min_size=1),
    others=st.sets(st.integers(0, 30)),
    first=st.none() | dates_of_january,
    last=st.none() | dates_of_january,
    hold_out=st.none() | dates_of_january,
)
def test_each_date_within_is_ranked_or_held_out(days, others, first, last, hold_out):
    assume(not (first and last) or first <= last)
    chosen = SessionDates(first=first, last=last, hold_out=hold_out)
    levels = {FIRST: levels_of(sorted(days)), SECOND: levels_of(sorted(others))}
    expected = [
        date
        for date in (dt.date(2024, 1, 1) + dt.timedelta(days=k) for k in sorted(days | others))
        if (first or date) <= date <= (last or date)
    ]
    before = [date for date in expected if not hold_out or date < hold_out]
    for method, wanted in ((chosen.within, expected), (chosen.ranked, before)):
        if wanted:
            assert dates(method(levels)) == wanted
        else:
            with pytest.raises(ConfigError, match="the bars have no session date"):
                method(levels)
    if hold_out and before and len(before) < len(expected):
        assert dates(chosen.held_out(levels)) == expected[len(before) :]


def test_all_arrays_of_a_session_are_cut_alike():
    found = SessionDates(first=dt.date(2024, 1, 2), last=dt.date(2024, 1, 3)).ranked(ten_dates)
    for cut, whole in zip(found[FIRST], ten_dates[FIRST], strict=True):
        assert cut.tolist() == whole[1:3].tolist()


@pytest.mark.parametrize(
    ("asked", "held_out"),
    [(0.2, 9), (0.15, 9), (0.9, 2), (dt.date(2024, 1, 10), 10), (dt.date(2023, 12, 31), None)],
)
def test_a_share_or_a_date_is_held_out(asked, held_out):
    if held_out is None:
        with pytest.raises(ConfigError, match="--hold-out 2023-12-31 leaves no session date"):
            SessionDates().holding_out(asked, ten_dates)
    else:
        found = SessionDates().holding_out(asked, ten_dates)
        assert found.hold_out == dt.date(2024, 1, held_out)


def test_the_share_is_of_the_dates_asked_for():
    chosen = SessionDates(first=dt.date(2024, 1, 3), last=dt.date(2024, 1, 6))
    assert chosen.holding_out(0.25, ten_dates).hold_out == dt.date(2024, 1, 6)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (0.01, "--hold-out 1% holds out no session date"),
        (0.99, "--hold-out 99% leaves no session date to rank"),
        (dt.date(2024, 1, 11), "--hold-out 2024-01-11 holds out no session date"),
        (dt.date(2024, 1, 1), "--hold-out 2024-01-01 leaves no session date to rank"),
    ],
)
def test_an_empty_side_is_refused(asked, message):
    with pytest.raises(ConfigError, match=message) as refused:
        SessionDates().holding_out(asked, ten_dates)
    assert "after 2024-01-01 and not after 2024-01-10" in refused.value.expected


def test_dates_out_of_order_are_refused():
    with pytest.raises(ConfigError, match="--from 2024-02-01 is after --to 2024-01-01"):
        SessionDates(first=dt.date(2024, 2, 1), last=dt.date(2024, 1, 1))


def test_dates_without_bars_are_refused():
    with pytest.raises(ConfigError, match="no session date from 2025-01-01") as refused:
        SessionDates(first=dt.date(2025, 1, 1)).ranked(ten_dates)
    assert refused.value.expected.endswith("2024-01-01 to 2024-01-10")


@given(st.none() | dates_of_january, st.none() | dates_of_january)
def test_dates_come_back_from_a_manifest(last, hold_out):
    chosen = SessionDates(last=last, hold_out=hold_out)
    assert SessionDates.from_dict(chosen.to_dict()) == chosen


def test_notes_tell_what_is_left_out():
    chosen = SessionDates(last=dt.date(2024, 1, 9), hold_out=dt.date(2024, 1, 5))
    assert chosen.notes() == [
        "Only session dates up to 2024-01-09 are used.",
        "Session dates from 2024-01-05 on are held out: no figure uses them.",
    ]
    assert chosen.last_ranked == dt.date(2024, 1, 4)
    assert SessionDates().notes() == []


@pytest.mark.parametrize(
    ("last", "note"),
    [
        (None, "Only session dates from 2024-01-03 on are used."),
        (dt.date(2024, 1, 9), "Only session dates from 2024-01-03 to 2024-01-09 are used."),
    ],
)
def test_notes_name_the_first_date(last, note):
    assert SessionDates(first=dt.date(2024, 1, 3), last=last).notes() == [note]
