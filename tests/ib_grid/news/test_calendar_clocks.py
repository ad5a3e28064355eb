"""The clock of a calendar's times: from the file, the format or the option."""

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_grid.errors import InputError
from ib_grid.news.calendar_files import read_calendar
from ib_grid.news.formats.forexfactory_xml import read_forexfactory_xml
from tests.helpers.input_files.calendar_files import CALENDARS, EVENTS, minute, weekly_xml

NEW_YORK = "America/New_York"


def nth_sunday(year: int, month: int, n: int) -> dt.date:
    first = dt.date(year, month, 1)
    return first + dt.timedelta(days=(6 - first.weekday()) % 7 + 7 * (n - 1))


moments = st.datetimes(dt.datetime(2008, 1, 1), dt.datetime(2036, 12, 31)).map(
    lambda moment: moment.replace(second=0, microsecond=0)
)


@given(moments)
def test_new_york_clock_by_the_rule_of_the_law(local: dt.datetime) -> None:
    start, end = nth_sunday(local.year, 3, 2), nth_sunday(local.year, 11, 1)
    if local.date() in (start, end) and local.hour in (1, 2):
        return
    two = dt.time(2)
    daylight = dt.datetime.combine(start, two) <= local < dt.datetime.combine(end, two)
    expected = local + dt.timedelta(hours=4 if daylight else 5)
    clock_text = local.strftime("%I:%M%p").lower().lstrip("0")
    xml = weekly_xml([("x", "USD", local.strftime("%m-%d-%Y"), clock_text, "High")])
    (event,) = read_forexfactory_xml(xml, "x", NEW_YORK).events
    assert event.minute == int(expected.replace(tzinfo=dt.UTC).timestamp()) // 60


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("12:00am", "05:00"),
        ("12:59AM", "05:59"),
        ("1:05 pm", "18:05"),
        ("12:30pm", "17:30"),
        ("08:30am", "13:30"),
    ],
)
def test_twelve_hour_clock(text: str, utc: str) -> None:
    (event,) = read_forexfactory_xml(
        weekly_xml([("x", "USD", "01-08-2031", text, "Low")]), "x", NEW_YORK
    ).events
    assert event.minute == minute(f"2031-01-08 {utc}")


@pytest.mark.parametrize("text", ["", "All Day", "all day", "Tentative", "Day 2"])
def test_no_clock_time(text: str) -> None:
    calendar = read_forexfactory_xml(
        weekly_xml([("x", "USD", "01-08-2031", text, "High")]), "x", NEW_YORK
    )
    assert [e.time_text for e in calendar.untimed] == [text]
    assert not calendar.events


@pytest.mark.parametrize(
    ("timezone", "xml_utc", "csv_utc"),
    [
        (None, "2031-07-08 12:30", "2031-07-08 08:30"),
        ("UTC", "2031-07-08 08:30", "2031-07-08 08:30"),
        ("Europe/Berlin", "2031-07-08 06:30", "2031-07-08 06:30"),
    ],
)
def test_timezone_is_the_clock_of_times_that_name_none(
    tmp_path: Path, timezone: str | None, xml_utc: str, csv_utc: str
) -> None:
    (tmp_path / "a.xml").write_bytes(weekly_xml([("x", "USD", "07-08-2031", "8:30am", "Low")]))
    (tmp_path / "a.csv").write_text("time,currency,impact,title\n2031-07-08 08:30,USD,Low,c\n")
    of = {e.title: e.minute for e in read_calendar(tmp_path, timezone=timezone).events}
    assert of == {"x": minute(xml_utc), "c": minute(csv_utc)}


def test_timezone_does_not_move_times_that_are_utc() -> None:
    for name in ("yearly.json", "table.csv"):
        moved = read_calendar(CALENDARS / name, timezone="Asia/Tokyo").events
        told = {e.minute for e in EVENTS} - {minute("2031-03-12 18:00")}  # naive in the table
        assert told <= {e.minute for e in moved}


def test_unknown_timezone() -> None:
    with pytest.raises(InputError, match="unknown time zone 'Mars/Base'"):
        read_calendar([], timezone="Mars/Base")
