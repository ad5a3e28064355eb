"""Calendar files in three formats, read as events, merged and written back."""

import csv
import datetime as dt
import io
import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_grid.errors import InputError
from ib_grid.news.calendar_files import MAX_BYTES, read_calendar
from ib_grid.news.calendars import (
    IMPACTS,
    Calendar,
    Event,
    UntimedEvent,
    merge_calendars,
    normalised_currency,
    normalised_impact,
)
from ib_grid.news.formats.csv_table import read_csv_table
from ib_grid.news.formats.json_events import read_json_events
from tests.helpers.input_files.calendar_files import CALENDARS, EVENTS, calendar, day, minute
from tests.helpers.paths import ROOT

SHARED_NEWS = ROOT.parent / "shared" / "data" / "news"


@pytest.mark.parametrize("name", ["yearly.json", "weekly.xml", "table.csv", "semicolons.csv"])
def test_every_format_gives_the_same_events(name: str) -> None:
    assert read_calendar(CALENDARS / name).events == EVENTS


def test_format_is_told_by_content(tmp_path: Path) -> None:
    for i, name in enumerate(["yearly.json", "weekly.xml", "table.csv"]):
        path = tmp_path / f"calendar{i}.txt"
        path.write_bytes(b"\xef\xbb\xbf\n  " + (CALENDARS / name).read_bytes().lstrip())
    calendar = read_calendar(tmp_path)
    assert [file.format for file in calendar.files] == ["JSON", "ForexFactory XML", "CSV"]
    assert calendar.events == EVENTS


def test_folder_and_files_together_merge_duplicates() -> None:
    calendar = read_calendar([CALENDARS, CALENDARS / "yearly.json"])
    assert calendar.events == EVENTS
    assert [file.name for file in calendar.files] == sorted(p.name for p in CALENDARS.iterdir())


def test_hidden_files_and_subfolders_are_skipped(tmp_path: Path) -> None:
    (tmp_path / ".hidden").write_bytes(b"\0")
    (tmp_path / "inner").mkdir()
    (tmp_path / "a.csv").write_text("time,currency,impact,title\n2031-01-02 13:30Z,USD,High,x\n")
    assert len(read_calendar(tmp_path).events) == 1


def test_a_file_is_named_with_its_hash_and_count() -> None:
    (file,) = read_calendar(CALENDARS / "weekly.xml").files
    assert (file.name, file.format, file.n_events) == ("weekly.xml", "ForexFactory XML", 10)
    assert len(file.sha256) == 64


def test_no_path_is_the_empty_calendar() -> None:
    assert read_calendar([]) == Calendar()


def test_events_without_a_time_are_kept_apart() -> None:
    assert read_calendar(CALENDARS / "weekly.xml").untimed == (
        UntimedEvent(day("2031-03-13"), "EUR", "High", "Summit", "Tentative"),
        UntimedEvent(day("2031-03-14"), "EUR", "Non-Economic", "Bank Holiday", "All Day"),
    )


def test_high_impact_is_of_the_currencies_asked_for() -> None:
    calendar = read_calendar(CALENDARS / "weekly.xml")
    assert [e.title for e in calendar.high_impact(["EUR"])] == ["Flash Index"]
    assert [e.title for e in calendar.high_impact(["EUR", "ALL"])] == ["Flash Index", "Meeting"]
    assert [e.title for e in calendar.high_impact_untimed(["EUR"])] == ["Summit"]
    assert calendar.high_impact_untimed(["USD"]) == ()


# -- merging --------------------------------------------------------------------------------------

events = st.builds(
    Event,
    st.integers(0, 5),
    st.sampled_from(["EUR", "USD"]),
    st.sampled_from(IMPACTS),
    st.sampled_from(["a", "b"]),
)


@given(st.lists(st.lists(events, max_size=6), max_size=4))
def test_merge_keeps_each_event_once_at_its_highest_impact(parts: list[list[Event]]) -> None:
    merged = merge_calendars(Calendar(events=tuple(part)) for part in parts).events
    given_events = [event for part in parts for event in part]
    kept = {(e.minute, e.currency, e.title): e.impact for e in merged}
    assert len(kept) == len(merged)
    assert list(merged) == sorted(merged)
    assert kept.keys() == {(e.minute, e.currency, e.title) for e in given_events}
    for e in given_events:
        assert IMPACTS.index(kept[e.minute, e.currency, e.title]) <= IMPACTS.index(e.impact)
    assert {Event(m, c, i, t) for (m, c, t), i in kept.items()} <= set(given_events)


@given(st.lists(events, max_size=8), st.randoms(use_true_random=False))
def test_merge_does_not_depend_on_the_order(given_events: list[Event], rnd: random.Random) -> None:
    shuffled = rnd.sample(given_events, len(given_events))
    assert merge_calendars([Calendar(events=tuple(given_events))]) == merge_calendars(
        [Calendar(events=(e,)) for e in shuffled]
    )


# -- words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "impact"),
    [
        (["High", "high", "HIGH", " High ", "red", "Red", "High Impact Expected", "3"], "High"),
        (["Medium", "MEDIUM", "orange", "medium impact", "Moderate", "2"], "Medium"),
        (["Low", "yellow", "Low Impact  Expected", "1", "ff-impact-yel"], "Low"),
        (["Holiday", "holiday", "gray", "Grey", "Non-Economic", "0"], "Non-Economic"),
        (["", "huge", "4", "impact", "highest", "expected", "hig"], None),
    ],
)
def test_impact_words(words: list[str], impact: str | None) -> None:
    assert {normalised_impact(word) for word in words} == {impact}


def test_currency_words() -> None:
    assert [normalised_currency(t) for t in ["usd", " EUR ", "All"]] == ["USD", "EUR", "ALL"]
    assert [normalised_currency(t) for t in ["", "US", "EURO", "U$D", "ÄÖÜ", "123"]] == [None] * 6


# -- round trip -----------------------------------------------------------------------------------

titles = st.text(st.characters(exclude_categories=["C", "Z"]), max_size=12)
timed = st.builds(
    Event,
    st.integers(minute("1980-01-01 00:00"), minute("2099-12-30 00:00")),
    st.sampled_from(["EUR", "USD", "XYZ"]),
    st.sampled_from(IMPACTS),
    titles,
)


@given(
    st.lists(timed, max_size=5),
    st.permutations(["time", "currency", "impact", "title", "other"]),
    st.sampled_from(",;\t"),
    st.integers(-14 * 60, 14 * 60),
)
def test_table_round_trip(
    written: list[Event], columns: list[str], delimiter: str, offset_minutes: int
) -> None:
    zone = dt.timezone(dt.timedelta(minutes=offset_minutes))
    file = io.StringIO()
    rows = csv.DictWriter(file, columns, delimiter=delimiter)
    rows.writeheader()
    for e in written:
        time = dt.datetime.fromtimestamp(e.minute * 60, zone).isoformat()
        rows.writerow(
            {
                "time": time,
                "currency": e.currency,
                "impact": e.impact,
                "title": e.title,
                "other": "1,2;3\n4",
            }
        )
    assert list(calendar(read_csv_table, file.getvalue().encode()).events) == written


@given(st.lists(timed, max_size=5))
def test_yearly_round_trip(written: list[Event]) -> None:
    document = {
        "events": [
            {
                "title": e.title,
                "country": e.currency,
                "datetime_utc": dt.datetime.fromtimestamp(e.minute * 60, dt.UTC).strftime(
                    "%Y-%m-%dT%H:%M:%S"
                ),
                "impact": e.impact,
            }
            for e in written
        ]
    }
    assert list(calendar(read_json_events, json.dumps(document).encode()).events) == written


def test_half_a_surrogate_pair_is_replaced() -> None:
    text = (
        '{"events": [{"title": "a\\ud800b", "country": "USD",'
        ' "datetime_utc": "2031-01-02T13:30:00", "impact": "Low"}]}'
    )
    assert calendar(read_json_events, text.encode()).events[0].title == "a?b"


def test_a_calendar_may_be_large_but_not_endless(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(InputError, match=r"cannot be read \(larger than 8,388,608 bytes\)"):
        read_calendar(path)


# -- the real calendars ---------------------------------------------------------------------------


@pytest.mark.skipif(not SHARED_NEWS.is_dir(), reason="no ../shared/data/news")
def test_real_calendars_are_read_whole() -> None:
    calendar = read_calendar(SHARED_NEWS)
    raw = [
        event
        for path in SHARED_NEWS.iterdir()
        for event in json.loads(path.read_text())["events"]
        if event["country"] == "USD" and event["impact"] == "High"
    ]
    times = [dt.datetime.fromisoformat(f"{e['datetime_utc']}+00:00").timestamp() for e in raw]
    high = calendar.high_impact(["USD"])
    assert len(high) == len(raw) == 1411
    assert sorted(e.minute for e in high) == sorted(int(t) // 60 for t in times)
    assert [file.n_events for file in calendar.files] == [897, 924, 858, 756]
