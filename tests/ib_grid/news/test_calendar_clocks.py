"""The clock of a calendar's times: its own, that of its format, or the one that is given."""

import csv
import datetime as dt
import io
import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_grid.errors import DataError, InputError
from ib_grid.news.calendar_files import read_calendar
from ib_grid.news.calendars import Claim, UntimedEvent
from ib_grid.news.formats.csv_table import read_csv_table
from ib_grid.news.formats.forexfactory_xml import read_forexfactory_xml
from ib_grid.news.formats.json_events import read_json_events
from tests.helpers.input_files.calendar_files import (
    CALENDARS,
    EVENTS,
    calendar,
    day,
    minute,
    weekly_xml,
)

NEW_YORK = "America/New_York"
moments = st.datetimes(dt.datetime(2008, 1, 1), dt.datetime(2036, 12, 31)).map(
    lambda moment: moment.replace(second=0, microsecond=0)
)


def minute_of(moment: dt.datetime) -> int:
    return int(moment.replace(tzinfo=dt.UTC).timestamp()) // 60


def twelve_hours(moment: dt.datetime) -> str:
    return moment.strftime("%I:%M%p").lower().lstrip("0")


# --- ForexFactory's weekly feed


@given(moments)
def test_the_weekly_feed_is_in_utc_the_year_round(moment: dt.datetime) -> None:
    row = ("x", "USD", moment.strftime("%m-%d-%Y"), twelve_hours(moment), "High")
    (event,) = calendar(read_forexfactory_xml, weekly_xml([row])).events
    assert event.minute == minute_of(moment)
    line = ",".join([*row, "0.1%", "", "https://example.org/1"])
    feed = f"Title,Country,Date,Time,Impact,Forecast,Previous,URL\n{line}\n"
    assert calendar(read_csv_table, feed.encode()).events == (event,)
    local = moment.replace(tzinfo=dt.UTC).astimezone(ZoneInfo(NEW_YORK))
    fields = {"title": "x", "country": "USD", "date": local.isoformat(), "impact": "High"}
    document = json.dumps([{**fields, "forecast": "", "previous": ""}])
    assert calendar(read_json_events, document.encode()).events == (event,)


@pytest.mark.parametrize("kind", ["xml", "csv", "json"])
def test_the_weekly_feed_covers_its_week(kind: str) -> None:
    row = ("x", "USD", "03-12-2031", "6:00pm", "High")
    fields = {"title": "x", "country": "USD", "date": "2031-03-12T14:00:00-04:00", "impact": "Low"}
    document = json.dumps([{**fields, "forecast": "", "previous": ""}])
    header = "Title,Country,Date,Time,Impact,Forecast,Previous\n"
    read, raw = {
        "xml": (read_forexfactory_xml, weekly_xml([row])),
        "csv": (read_csv_table, f"{header}{','.join(row)},,\n".encode()),
        "json": (read_json_events, document.encode()),
    }[kind]
    assert calendar(read, raw).claims == (Claim(day("2031-03-09"), day("2031-03-15")),)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("12:00am", "00:00"),
        ("12:59AM", "00:59"),
        ("1:05 pm", "13:05"),
        ("12:30pm", "12:30"),
        ("08:30am", "08:30"),
        ("18:30", "18:30"),
    ],
)
def test_twelve_hour_clock(text: str, utc: str) -> None:
    xml = weekly_xml([("x", "USD", "01-08-2031", text, "Low")])
    (event,) = calendar(read_forexfactory_xml, xml).events
    assert event.minute == minute(f"2031-01-08 {utc}")


@pytest.mark.parametrize("text", ["", "All Day", "all day", "Tentative", "Day 2"])
def test_no_clock_time(text: str) -> None:
    found = calendar(read_forexfactory_xml, weekly_xml([("x", "USD", "01-08-2031", text, "High")]))
    assert found.untimed == (UntimedEvent(day("2031-01-08"), "USD", "High", "x", text),)
    assert not found.events


def test_a_given_clock_counts_for_times_that_name_none(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(weekly_xml([("x", "USD", "07-08-2031", "8:30am", "Low")]))
    (tmp_path / "a.csv").write_text("time,currency,impact,title\n2031-07-08 08:30,USD,Low,c\n")
    with pytest.raises(DataError, match="'2031-07-08 08:30' has no time zone") as caught:
        read_calendar(tmp_path)
    assert "--news-timezone" in caught.value.hint
    for timezone, utc in (("UTC", "08:30"), ("Europe/Berlin", "06:30"), ("UTC+5:30", "03:00")):
        found = {e.title: e.minute for e in read_calendar(tmp_path, timezone=timezone).events}
        assert found == dict.fromkeys("xc", minute(f"2031-07-08 {utc}"))


@given(moments)
def test_the_clock_of_a_server_is_a_zone_plus_hours(moment: dt.datetime) -> None:
    server = moment.replace(tzinfo=dt.UTC).astimezone(ZoneInfo(NEW_YORK)).replace(tzinfo=None)
    if (
        server.replace(tzinfo=ZoneInfo(NEW_YORK), fold=1).utcoffset()
        != server.replace(tzinfo=ZoneInfo(NEW_YORK)).utcoffset()
    ):
        return
    text = f"{server + dt.timedelta(hours=7):%Y-%m-%d %H:%M}"
    raw = f"time,currency,impact,title\n{text},EUR,High,x\n".encode()
    (event,) = calendar(read_csv_table, raw, "America/New_York+7").events
    assert event.minute == minute_of(moment)


def test_timezone_does_not_move_times_that_are_utc() -> None:
    for name in ("yearly.json", "table.csv", "semicolons.csv"):
        assert read_calendar(CALENDARS / name, timezone="Asia/Tokyo").events == EVENTS


def test_unknown_timezone() -> None:
    with pytest.raises(InputError, match="unknown time zone 'Mars/Base'"):
        read_calendar([], timezone="Mars/Base")


# --- names and dates of scrapers


DUMPS = {
    "date apart": ("date,time,currency,impact,event,day", "%d/%m/%Y,%H:%M,EUR,red,x,Mon"),
    "moment by name": ("DateTime (UTC),Ccy,Importance,Name", "%Y-%m-%d %H:%M,eur,3,x"),
    "12 hours": ("Date,Time,Ccy,Impact,Event", '"%b %d, %Y",%I:%M %p,EUR,High Impact Expected,x'),
    "dots": ("event;country;date;time;volatility", "x;EUR;%d.%m.%Y;%H:%M:%S;HIGH"),
    "icon": ("timestamp,currency,impact,title", "%Y%m%d %H%M%S,EUR,icon--ff-impact-red,x"),
    "country": ("time_utc,country,importance,event", "%Y-%m-%d %H:%M,Germany,★★★,x"),
    "unix": ("timestamp,economy,impact,event", "UNIX,EU,CALENDAR_IMPORTANCE_HIGH,x"),
    "stars": ("time_utc,currency,importance,headline", "%Y-%m-%dT%H:%M:%SZ,EUR,***,x"),
}  # fmt: skip


@pytest.mark.parametrize("name", DUMPS)
@pytest.mark.parametrize("kind", ["csv", "json"])
def test_names_and_spellings_of_scrapers(name: str, kind: str) -> None:
    header, pattern = DUMPS[name]
    times = [dt.datetime(2031, 3, d, 7, 30) for d in (4, 13)]
    seconds = [str(minute_of(time) * 60) for time in times]
    rows = [t.strftime(pattern).replace("UNIX", s) for t, s in zip(times, seconds, strict=True)]
    raw = "\n".join([header, *rows])
    read = read_csv_table
    if kind == "json":
        found_rows = csv.DictReader(io.StringIO(raw), delimiter=";" if ";" in header else ",")
        whole = [
            {k: int(v) if v in ("3", *seconds) else v for k, v in r.items()} for r in found_rows
        ]
        raw, read = json.dumps({"data": whole}), read_json_events
    found = calendar(read, raw.encode(), "UTC").events
    assert [e.minute for e in found] == [minute_of(time) for time in times]
    assert {(e.currency, e.impact, e.title) for e in found} == {("EUR", "High", "x")}


@pytest.mark.parametrize("order", ["day-first", "month-first"])
@given(days=st.lists(st.integers(1, 28), min_size=1, max_size=4))
def test_day_and_month_are_decided_or_asked_for(order: str, days: list[int]) -> None:
    dates = [dt.date(2031, 2, d) for d in days]
    pattern = "%d/%m/%Y" if order == "day-first" else "%m/%d/%Y"
    lines = [f"{date.strftime(pattern)},07:30,EUR,High,x" for date in dates]
    raw = "\n".join(["date,time,currency,impact,event", *lines]).encode()
    expected = [minute(f"{date} 07:30") for date in dates]
    if max(days) <= 12 and any(date.day != date.month for date in dates):
        with pytest.raises(DataError, match="do not show which number is the day") as caught:
            calendar(read_csv_table, raw, "UTC")
        assert "--news-date-order" in caught.value.hint
    elif max(days) > 12:
        assert [e.minute for e in calendar(read_csv_table, raw, "UTC").events] == expected
    assert [e.minute for e in calendar(read_csv_table, raw, "UTC", order).events] == expected


@pytest.mark.parametrize("mark", "/-.")
def test_short_years_of_a_calendar_are_last_or_asked_for(mark: str) -> None:
    def raw(pattern: str, n_days: int) -> bytes:
        days = [dt.date(2024, 3, 13) + dt.timedelta(days) for days in range(n_days)]
        lines = [f"{d.strftime(pattern.replace('/', mark))},07:30,EUR,High,x" for d in days]
        return "\n".join(["date,time,currency,impact,event", *lines]).encode()

    for pattern, n_days in (("%y/%m/%d", 1), ("%y/%m/%d", 40), ("%d/%m/%y", 1)):
        with pytest.raises(DataError, match="do not show which number is the year") as caught:
            calendar(read_csv_table, raw(pattern, n_days), "UTC")
        assert "--news-date-order" in caught.value.hint
    first = minute("2024-03-13 07:30")
    assert calendar(read_csv_table, raw("%d/%m/%y", 40), "UTC").events[0].minute == first
    (event,) = calendar(read_csv_table, raw("%d/%m/%y", 1), "UTC", "day-first").events
    assert event.minute == first


def test_a_holiday_may_lack_currency_and_importance() -> None:
    rows = [
        {"date": "13/03/2031", "time": "All Day", "currency": None, "importance": None},
        {"date": "14/03/2031", "time": "07:30", "currency": "EUR", "importance": "high"},
    ]
    raw = json.dumps([{**row, "event": "x"} for row in rows])
    found = calendar(read_json_events, raw.encode(), "UTC")
    assert found.untimed == (
        UntimedEvent(day("2031-03-13"), "ALL", "Non-Economic", "x", "All Day"),
    )
    assert len(found.events) == 1


def test_untimed_rows_keep_the_order_of_the_others() -> None:
    raw = (
        "date,time,currency,impact,event\n"
        "13/03/2031,07:30,EUR,red,x\n04/03/2031,All Day,EUR,gray,Holiday\n05/03/2031,,USD,red,y\n"
    )
    found = calendar(read_csv_table, raw.encode(), "UTC")
    assert [e.date for e in found.untimed] == [day("2031-03-04"), day("2031-03-05")]
    assert [e.minute for e in found.events] == [minute("2031-03-13 07:30")]


@pytest.mark.parametrize(("name", "timezone"), [("Time (ET)", NEW_YORK), ("Time (GMT)", None)])
def test_a_column_of_times_may_name_its_clock(
    name: str, timezone: str | None, tmp_path: Path
) -> None:
    path = tmp_path / "calendar.csv"
    path.write_text(f"Date,{name},Currency,Impact,Event\n2024-01-04,13:30,USD,High,x\n")
    (event,) = read_calendar(path, timezone=timezone).events
    assert event.minute == minute("2024-01-04 18:30" if timezone else "2024-01-04 13:30")


def test_a_word_may_stand_behind_the_date(tmp_path: Path) -> None:
    path = tmp_path / "calendar.csv"
    path.write_text("time,currency,impact,title\n2024-01-04 All Day,USD,High,x\n")
    (event,) = read_calendar(path).untimed
    assert (event.date, event.time_text) == (day("2024-01-04"), "All Day")


def test_utf_16_is_read_as_the_same_events(tmp_path: Path) -> None:
    text = "time;currency;importance;event\n2024.03.04 09:30:00;EUR;HIGH;März\n"
    for encoding in ("utf-8", "utf-16"):
        (tmp_path / encoding).write_text(text, encoding)
    utf8, utf16 = (read_calendar(tmp_path / e, timezone="UTC") for e in ("utf-8", "utf-16"))
    assert utf8.events == utf16.events != ()


@pytest.mark.parametrize("impacts", [(1, 0, -1), (1, 1)])
def test_impacts_from_minus_one_to_one(impacts: tuple[int, ...], tmp_path: Path) -> None:
    event = {"indicator": "y", "country": "US", "date": "2024-03-12T12:30:00.000Z"}
    path = tmp_path / "calendar.json"
    events = [{**event, "title": f"{i}", "importance": i} for i in impacts]
    path.write_text(json.dumps({"result": events}))
    words = {"1": "High", "0": "Medium", "-1": "Low"}
    assert {e.impact for e in read_calendar(path).events} == {words[f"{i}"] for i in impacts}
