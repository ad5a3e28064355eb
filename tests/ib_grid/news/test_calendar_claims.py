"""Dates that a calendar claims to cover, by format."""

import datetime as dt
import json
from pathlib import Path

import pytest

from ib_grid.news.calendar_files import read_calendar
from ib_grid.news.calendars import Claim
from ib_grid.news.formats.forexfactory_xml import read_forexfactory_xml
from ib_grid.news.formats.json_events import read_json_events
from tests.helpers.input_files.calendar_files import CALENDARS, calendar, day, weekly_xml


def test_yearly_claims_its_year_to_its_last_update() -> None:
    (claim,) = read_calendar(CALENDARS / "yearly.json").claims
    assert claim == Claim(day("2031-01-01"), day("2031-12-31"), day("2032-01-05"))
    assert claim.last_known == day("2031-12-31")


GOOD = {"title": "x", "country": "USD", "impact": "Low"}


@pytest.mark.parametrize(
    ("head", "claims"),
    [
        ({"year": 2031}, (Claim(day("2031-01-01"), day("2031-12-31")),)),
        ({}, (Claim(day("2031-05-06"), day("2031-07-01")),)),
        (
            {"last_updated": "2031-06-01T23:59:00"},
            (Claim(day("2031-05-06"), day("2031-07-01"), day("2031-06-01")),),
        ),
        ({"last_updated": None}, (Claim(day("2031-05-06"), day("2031-07-01")),)),
    ],
)
def test_yearly_claims(head: dict[str, object], claims: tuple[Claim, ...]) -> None:
    times = ["2031-05-06T00:00:00", "2031-07-01T23:59:59"]
    events = [GOOD | {"datetime_utc": t} for t in times]
    assert (
        calendar(read_json_events, json.dumps({**head, "events": events}).encode()).claims == claims
    )


def test_future_plan_covers_nothing() -> None:
    text = '{"year": 2032, "last_updated": "2031-12-01T00:00:00Z", "events": []}'
    (claim,) = calendar(read_json_events, text.encode()).claims
    assert claim.last_known < claim.first


def test_weekly_covers_sunday_to_saturday() -> None:
    weeks = ["2031-03-02", "2031-03-09", "2031-11-02"]  # Sundays
    assert read_calendar(CALENDARS / "weekly.xml").claims == tuple(
        Claim(day(week), day(week) + 6) for week in weeks
    )
    assert all(dt.date.fromisoformat(week).weekday() == 6 for week in weeks)


@pytest.mark.parametrize("date", ["03-09-2031", "03-15-2031"])
def test_first_and_last_day_of_a_week(date: str) -> None:
    xml = weekly_xml([("x", "USD", date, "8:30am", "Low")])
    assert calendar(read_forexfactory_xml, xml).claims == (
        Claim(day("2031-03-09"), day("2031-03-15")),
    )


def test_table_claims_from_first_to_last_event() -> None:
    assert read_calendar(CALENDARS / "table.csv").claims == (
        Claim(day("2031-03-07"), day("2031-11-03")),
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "time,currency,impact,title\n"),
        ("a.json", '{"events": []}'),
        ("a.xml", "<weeklyevents/>"),
    ],
)
def test_calendar_without_events_covers_nothing(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    calendar = read_calendar(tmp_path / name)
    assert (calendar.events, calendar.claims) == ((), ())
