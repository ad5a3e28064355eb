"""Session dates that a calendar covers."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_grid.market.clock import date_of, day_number
from ib_grid.news.calendar_files import read_calendar
from ib_grid.news.calendars import Calendar, Claim, Event, UntimedEvent
from ib_grid.news.coverage import (
    HOLE_DAYS,
    NO_CALENDAR,
    OTHER_HOLE_DAYS,
    UnfilteredSpan,
    unfiltered_spans,
)
from tests.helpers.paths import ROOT

SHARED_NEWS = ROOT.parent / "shared" / "data" / "news"


def event_on(date: int, currency: str = "USD", impact: str = "High") -> Event:
    return Event(date * 1440 + 700, currency, impact, "x")


def unfiltered(calendar: Calendar, currencies: list[str], first: int, last: int) -> list[int]:
    spans = unfiltered_spans(calendar, currencies, np.arange(first, last + 1))
    return [date for span in spans for date in span.dates]


def covered_by_hand(calendar: Calendar, currencies: list[str], date: int) -> bool:
    """Walk from the date both ways to an event, or to where the calendar ends."""

    def known(d: int) -> bool:
        return any(c.first <= d <= c.last and d <= (c.last_updated or d) for c in calendar.claims)

    def walk(days: set[int]) -> tuple[int, int]:
        before, after = date, date
        while known(before) and before not in days:
            before -= 1
        while known(after) and after not in days:
            after += 1
        return before, after

    days = {c: {e.minute // 1440 for e in calendar.events if e.currency == c} for c in currencies}
    regular = [currency for currency in currencies if currency != "ALL"]
    if not known(date):
        return False
    if regular and not any(known(day) for c in regular for day in walk(days[c])):
        return False
    walks = {currency: walk(days[currency]) for currency in regular}
    return all(b - a <= HOLE_DAYS.get(c, OTHER_HOLE_DAYS) for c, (a, b) in walks.items())


def nothing_blocks(calendar: Calendar, currencies: list[str], dates: set[int]) -> bool:
    limits = [HOLE_DAYS.get(c, OTHER_HOLE_DAYS) for c in currencies if c != "ALL"]
    if not dates or not limits or max(dates) - min(dates) + 1 <= min(limits):
        return False
    high = {e.minute // 1440 for e in calendar.events if e.currency in currencies}
    return not any(d in high for d in range(min(dates), max(dates) + 1))


claims = st.builds(
    lambda first, n, updated: Claim(first, first + n, updated),
    st.integers(1, 60),
    st.integers(0, 150),
    st.none() | st.integers(1, 200),
)
calendars = st.builds(
    lambda some, events: Calendar(claims=tuple(some), events=tuple(events)),
    st.lists(claims, max_size=3),
    st.lists(
        st.builds(event_on, st.integers(1, 200), st.sampled_from(["EUR", "USD"])), max_size=14
    ),
)
some_currencies = st.lists(st.sampled_from(["EUR", "USD", "ALL"]), min_size=1, unique=True)


@given(calendars, some_currencies)
def test_coverage_by_walking_from_each_date(calendar: Calendar, currencies: list[str]) -> None:
    expected = [d for d in range(220) if not covered_by_hand(calendar, currencies, d)]
    assert unfiltered(calendar, currencies, 0, 219) == expected


@given(calendars, some_currencies, st.sets(st.integers(0, 219)))
def test_coverage_of_a_date_ignores_other_dates(
    calendar: Calendar, currencies: list[str], dates: set[int]
) -> None:
    spans = unfiltered_spans(calendar, currencies, np.array(sorted(dates), dtype=np.int64))
    wanting = set(unfiltered(calendar, currencies, 0, 219))
    expected = dates if nothing_blocks(calendar, currencies, dates) else dates & wanting
    assert [d for span in spans for d in span.dates] == sorted(expected)
    assert all(span.reason and span.dates for span in spans)


def year_with(dates: list[int], currency: str = "USD") -> Calendar:
    return Calendar(claims=(Claim(0, 364),), events=tuple(event_on(d, currency) for d in dates))


def test_two_weeks_without_the_dollar_are_a_hole() -> None:
    weekly = list(range(3, 365, 7))
    assert not unfiltered(year_with(weekly), ["USD"], 0, 364)
    without_one = [d for d in weekly if d != 101]  # 94 and 108 are 14 days apart
    assert not unfiltered(year_with(without_one), ["USD"], 0, 364)
    without_two = [d for d in weekly if d not in (101, 108)]
    assert unfiltered(year_with(without_two), ["USD"], 0, 364) == list(range(95, 115))


def test_a_year_cut_short_ends_with_its_events() -> None:
    cut = year_with(list(range(3, 180, 7)))
    assert unfiltered(cut, ["USD"], 0, 364) == list(range(179, 365))


def test_other_currencies_may_be_rare() -> None:
    monthly = list(range(15, 365, 30))
    assert not unfiltered(year_with(monthly, "EUR"), ["EUR"], 0, 364)
    # 45 and 135 are 90 days apart
    assert unfiltered(
        year_with([d for d in monthly if d not in (75, 105)], "EUR"), ["EUR"], 0, 364
    ) == list(range(46, 135))


def test_each_currency_is_required() -> None:
    euro_only = year_with(list(range(0, 365, 7)), "EUR")
    assert not unfiltered(euro_only, ["EUR"], 0, 364)
    assert unfiltered(euro_only, ["EUR", "USD"], 0, 364) == list(range(365))


def test_events_of_every_impact_and_without_a_time_count() -> None:
    holidays = (event_on(d, impact="Non-Economic") for d in range(3, 100, 7))
    events = (*holidays, event_on(98))
    untimed = tuple(UntimedEvent(d, "USD", "Low", "x", "All Day") for d in range(101, 365, 7))
    calendar = Calendar(claims=(Claim(0, 364),), events=events, untimed=untimed)
    assert not unfiltered(calendar, ["USD"], 0, 364)


def test_week_without_events_of_one_currency_is_covered() -> None:
    calendar = Calendar(claims=(Claim(3, 9),), events=(event_on(5, "EUR", "Low"),))
    assert unfiltered(calendar, ["USD", "EUR"], 0, 12) == [0, 1, 2, 10, 11, 12]


def test_week_with_other_currencies_only_is_not_covered() -> None:
    calendar = Calendar(claims=(Claim(3, 9),), events=(event_on(5, "EUR"),))
    (span,) = unfiltered_spans(calendar, ["USD"], np.arange(4, 8))
    assert span == UnfilteredSpan((4, 5, 6, 7), "no USD event in 7 days")


@pytest.mark.parametrize("impact", ["Medium", "Low", "Non-Economic"])
def test_low_impact_events_do_not_extend_coverage(impact: str) -> None:
    events = tuple(event_on(d, impact=impact) for d in range(0, 365, 3))
    calendar = Calendar(claims=(Claim(0, 364),), events=(*events, event_on(10, "EUR")))
    assert unfiltered(calendar, ["USD"], 100, 99 + HOLE_DAYS["USD"]) == []
    (span,) = unfiltered_spans(calendar, ["USD"], np.arange(100, 100 + HOLE_DAYS["USD"] + 1))
    assert span.reason == "no high-impact event in USD"
    with_one = Calendar(claims=calendar.claims, events=(*events, event_on(110)))
    assert not unfiltered(with_one, ["USD"], 100, 200)


def test_reasons_are_distinguished() -> None:
    first = day_number(dt.date(2031, 1, 1))
    calendar = Calendar(
        claims=(Claim(first, first + 99, first + 79),),
        events=tuple(event_on(first + d) for d in (*range(0, 20, 5), *range(60, 100, 5))),
    )
    spans = unfiltered_spans(calendar, ["USD"], np.arange(first - 2, first + 101))
    assert [(span.dates[0] - first, span.dates[-1] - first, span.reason) for span in spans] == [
        (-2, -1, NO_CALENDAR),
        (16, 59, "no USD event in 44 days"),
        (80, 99, "calendar last updated 2031-03-21"),
        (100, 100, NO_CALENDAR),
    ]
    assert str(spans[0]) == "2030-12-30 to 2030-12-31 (2 session dates: no calendar)"


def test_two_holes_over_one_date_are_both_named() -> None:
    spans = unfiltered_spans(year_with([]), ["USD", "EUR"], np.array([7]))
    reason = "no USD event in 365 days; no EUR event in 365 days"
    assert spans == (UnfilteredSpan((7,), reason),)
    assert str(spans[0]) == f"1970-01-08 (1 session date: {reason})"


def test_no_dates() -> None:
    assert unfiltered_spans(Calendar(), ["USD"], np.zeros(0, np.int64)) == ()


@pytest.mark.skipif(not SHARED_NEWS.is_dir(), reason="no ../shared/data/news")
@pytest.mark.parametrize("currencies", [["USD"], ["EUR", "USD"]])
def test_real_calendars_cover_their_years_to_their_last_update(currencies: list[str]) -> None:
    calendar = read_calendar(SHARED_NEWS)
    first, last = day_number(dt.date(2022, 12, 1)), day_number(dt.date(2026, 12, 31))
    wanting = [str(date_of(d)) for d in unfiltered(calendar, currencies, first, last)]
    assert wanting[:31] == [f"2022-12-{d:02}" for d in range(1, 32)]
    assert wanting[31] == "2026-01-13"
    assert len(wanting) == 31 + (31 - 12) + (365 - 31)
