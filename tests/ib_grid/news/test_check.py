"""The event that explains why a candidate was blocked or kept."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_grid.errors import DataError
from ib_grid.news.calendars import Calendar, Event
from ib_grid.news.check import check_candidates
from ib_grid.news.filter import NO_NEWS, news_filter

COLUMNS = [
    "date",
    "variation",
    "direction",
    "news_time",
    "blocked",
    "event_time",
    "event_currency",
    "event_title",
    "distance_minutes",
]


def candidates(minutes: list[int]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "date": pd.to_datetime(["2031-01-02"] * len(minutes)),
            "variation": ["OCAE"] * len(minutes),
            "direction": ["long"] * len(minutes),
            "news_minute": np.array(minutes, dtype=np.int64),
        },
        index=range(10, 10 + len(minutes)),
    )


def high(minute: int, title: str = "x", currency: str = "USD") -> Event:
    return Event(minute, currency, "High", title)


def utc(minute: int) -> pd.Timestamp:
    return pd.Timestamp(dt.datetime.fromtimestamp(minute * 60, dt.UTC))


@given(
    st.lists(st.integers(-60, 60), max_size=10),
    st.lists(st.integers(-60, 60), min_size=1, max_size=8),
    st.integers(0, 15),
    st.integers(0, 15),
)
def test_matches_plain_code(minutes: list[int], at: list[int], before: int, after: int) -> None:
    calendar = Calendar(events=tuple(high(m) for m in sorted(at)))
    news = news_filter(calendar, ["USD"], before, after)
    frame = check_candidates(candidates(minutes), news, calendar.events)
    assert len(frame) == len(minutes)
    for minute, row in zip(minutes, frame.itertuples(), strict=True):
        blocking = [e for e in at if e - before <= minute <= e + after]
        nearest = min(blocking or at, key=lambda e: (abs(minute - e), e))
        assert row.blocked == bool(blocking)
        assert row.event_time == utc(nearest)
        assert row.distance_minutes == minute - nearest


def test_the_frame_in_full() -> None:
    events = (high(100, "CPI m/m"), high(100, "CPI y/y"), high(100, "Sales", "EUR"), high(300))
    news = news_filter(Calendar(events=events), ["USD", "EUR"])
    frame = check_candidates(candidates([98, 150, 303]), news, events)
    assert list(frame.columns) == COLUMNS
    assert list(frame.index) == [10, 11, 12]
    assert frame["blocked"].tolist() == [True, False, False]
    assert frame["news_time"].tolist() == [utc(98), utc(150), utc(303)]
    assert frame["event_time"].tolist() == [utc(100), utc(100), utc(300)]
    assert frame["event_currency"].tolist() == ["USD; EUR", "USD; EUR", "USD"]
    assert frame["event_title"].tolist() == ["CPI m/m; CPI y/y; Sales"] * 2 + ["x"]
    assert frame["distance_minutes"].tolist() == [-2, 50, 3]
    assert str(frame["event_time"].dtype) == "datetime64[ms, UTC]"
    assert frame["blocked"].dtype == bool


def test_a_blocked_candidate_is_blocked_for_the_event_named() -> None:
    """The nearest event lies behind, where nothing is blocked; the one ahead blocks."""
    events = (high(100, "behind"), high(108, "ahead"))
    news = news_filter(Calendar(events=events), ["USD"], before_minutes=10, after_minutes=0)
    (row,) = check_candidates(candidates([101]), news, events).itertuples()
    assert (row.blocked, row.event_title, row.distance_minutes) == (True, "ahead", -7)


def test_earlier_of_two_equally_near_events() -> None:
    events = (high(100, "earlier"), high(110, "later"))
    news = news_filter(Calendar(events=events), ["USD"])
    frame = check_candidates(candidates([105]), news, events)
    assert frame["event_title"].tolist() == ["earlier"]


def test_events_of_other_currencies_are_not_named() -> None:
    events = (high(100, "near", "JPY"), high(200, "far"))
    news = news_filter(Calendar(events=events), ["USD"])
    frame = check_candidates(candidates([101]), news, events)
    assert frame["event_title"].tolist() == ["far"]


def test_no_events() -> None:
    frame = check_candidates(candidates([1, 2]), NO_NEWS, ())
    assert frame["blocked"].tolist() == [False, False]
    empty = ["event_time", "event_currency", "event_title", "distance_minutes"]
    assert frame[empty].isna().all(axis=None)


def test_no_candidates() -> None:
    events = (high(100),)
    frame = check_candidates(candidates([]), news_filter(Calendar(events=events), ["USD"]), events)
    assert list(frame.columns) == COLUMNS
    assert frame.empty


def test_a_filter_of_other_events_is_refused() -> None:
    news = news_filter(Calendar(events=(high(100),)), ["USD"])
    with pytest.raises(DataError, match="an unknown event at 1970-01-01T01:40 UTC"):
        check_candidates(candidates([100]), news, (high(101),))
