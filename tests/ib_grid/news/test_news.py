"""The news filter in the form that the engines use."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_grid.errors import ConfigError
from ib_grid.market.instruments import instrument
from ib_grid.news.calendars import Calendar, Event
from ib_grid.news.filter import NO_NEWS, NewsFilter, currencies_of, news_filter

# A short stretch of minutes, so that spans touch, overlap and part.
minutes = st.integers(-60, 60)
filters = st.builds(
    NewsFilter,
    events=st.lists(minutes, max_size=12),
    before_minutes=st.integers(0, 9),
    after_minutes=st.integers(0, 9),
)


def blocked_by_hand(news: NewsFilter, minute: int) -> bool:
    return any(
        event - news.before_minutes <= minute <= event + news.after_minutes for event in news.events
    )


@given(filters)
def test_blocks_implements_the_news_rule(news: NewsFilter) -> None:
    asked = np.arange(-80, 80)
    assert news.blocks(asked).tolist() == [blocked_by_hand(news, m) for m in asked]


@given(filters)
def test_spans_hold_the_blocked_minutes_and_no_other(news: NewsFilter) -> None:
    starts, ends = news.spans
    held = {m for a, b in zip(starts, ends, strict=True) for m in range(a, b + 1)}
    assert held == {m for m in range(-80, 80) if blocked_by_hand(news, m)}


@given(filters)
def test_spans_ascend_with_a_free_minute_between_them(news: NewsFilter) -> None:
    starts, ends = news.spans
    assert starts.dtype == ends.dtype == np.int64
    assert len(starts) == len(ends) <= len(news.events)
    assert (starts <= ends).all()
    assert (starts[1:] > ends[:-1] + 1).all()


@given(filters, st.lists(st.tuples(minutes, st.integers(0, 20)), max_size=6))
def test_within_keeps_the_events_that_block_a_minute(
    news: NewsFilter, spans: list[tuple[int, int]]
) -> None:
    asked = {first + i for first, length in spans for i in range(length + 1)}
    first = np.array([first for first, _ in spans], dtype=np.int64)
    last = np.array([first + length for first, length in spans], dtype=np.int64)
    kept = news.within(first, last)
    alone = [dataclasses.replace(news, events=np.array([event])) for event in news.events]
    blocking = [one for one in alone if any(blocked_by_hand(one, m) for m in asked)]
    assert kept.events.tolist() == [int(one.events[0]) for one in blocking]
    assert (kept.before_minutes, kept.after_minutes) == (news.before_minutes, news.after_minutes)


def test_both_ends_are_blocked() -> None:
    news = NewsFilter(events=np.array([100]))
    assert news.blocks([97, 98, 100, 102, 103]).tolist() == [False, True, True, True, False]


def test_before_and_after_are_not_mixed_up() -> None:
    news = NewsFilter(events=np.array([100]), before_minutes=5, after_minutes=0)
    assert news.blocks([94, 95, 100, 101]).tolist() == [False, True, True, False]


def test_blocks_keeps_the_shape() -> None:
    news = NewsFilter(events=np.array([5]))
    assert news.blocks([[1, 5], [7, 8]]).tolist() == [[False, True], [True, False]]
    assert news.blocks(5).shape == ()
    assert news.blocks([]).shape == (0,)


def test_no_news_blocks_nothing() -> None:
    assert not NO_NEWS.blocks([-1, 0, 1]).any()
    assert [len(ends) for ends in NO_NEWS.spans] == [0, 0]


def test_events_are_sorted_and_unique() -> None:
    assert NewsFilter(events=np.array([7, 3, 7])).events.tolist() == [3, 7]


@pytest.mark.parametrize("value", [-1, 1441, 2.0, 2.5, "2", None, True, float("nan"), 10**30])
@pytest.mark.parametrize("name", ["before_minutes", "after_minutes"])
def test_minutes_out_of_domain_are_refused(name: str, value: object) -> None:
    with pytest.raises(ConfigError, match=name) as raised:
        NewsFilter(events=np.zeros(0, np.int64), **{name: value})
    assert raised.value.expected == "a whole number from 0 to 1440"


def test_numpy_integers_are_whole_minutes() -> None:
    news = NewsFilter(events=np.zeros(0, np.int64), before_minutes=np.int64(3))
    assert news.before_minutes == 3
    assert type(news.before_minutes) is int


# -- from a calendar ------------------------------------------------------------------------------

CALENDAR = Calendar(
    events=(
        Event(10, "USD", "High", "a"),
        Event(20, "EUR", "High", "b"),
        Event(30, "USD", "Medium", "c"),
        Event(40, "ALL", "High", "d"),
        Event(50, "JPY", "High", "e"),
    )
)


@pytest.mark.parametrize(
    ("currencies", "minutes"),
    [(("USD",), [10]), (("EUR", "USD"), [10, 20]), (("USD", "ALL"), [10, 40]), ((), [])],
)
def test_news_filter_takes_high_impact_in_the_currencies(
    currencies: tuple[str, ...], minutes: list[int]
) -> None:
    news = news_filter(CALENDAR, currencies)
    assert news.events.tolist() == minutes
    assert (news.before_minutes, news.after_minutes) == (2, 2)


def test_news_filter_passes_the_minutes_on() -> None:
    news = news_filter(CALENDAR, ["USD"], before_minutes=5, after_minutes=0)
    assert (news.before_minutes, news.after_minutes) == (5, 0)


def test_to_dict_tells_filters_apart() -> None:
    base = news_filter(CALENDAR, ["USD"])
    assert base.to_dict() == news_filter(CALENDAR, ["USD"]).to_dict()
    others = [
        news_filter(CALENDAR, ["EUR"]),
        news_filter(CALENDAR, ["USD"], before_minutes=3),
        news_filter(CALENDAR, ["USD"], after_minutes=3),
        NO_NEWS,
    ]
    assert all(other.to_dict() != base.to_dict() for other in others)
    assert json.loads(json.dumps(base.to_dict())) == base.to_dict()


def test_currencies_of_the_instrument_itself() -> None:
    assert currencies_of(instrument("GER40")) == ("EUR", "USD")
    assert currencies_of(instrument("XAUUSD"), {"GER40": ["EUR"]}) == ("USD",)


def test_currencies_of_the_table() -> None:
    table = {"XAUUSD": ["usd", "All", "CHF", "USD"], "UK100": ["GBP", "USD"]}
    assert currencies_of(instrument("XAUUSD"), table) == ("USD", "ALL", "CHF")


@pytest.mark.parametrize("given_currencies", [[], "USD", ["US"], ["USD", 7], None, {"USD": 1}])
def test_wrong_currencies(given_currencies: object) -> None:
    with pytest.raises(ConfigError, match="invalid currencies of XAUUSD") as raised:
        currencies_of(instrument("XAUUSD"), {"XAUUSD": given_currencies})
    assert raised.value.expected == "three-letter codes such as EUR and USD"
