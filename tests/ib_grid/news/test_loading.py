"""The news filter of a run, and its description."""

import datetime as dt
import json
from pathlib import Path

import numpy as np
import pytest

from ib_grid.errors import ConfigError, DataError, InputError
from ib_grid.market.clock import day_number
from ib_grid.market.instruments import instrument
from ib_grid.news.filter import NO_NEWS
from ib_grid.news.loading import load_news
from ib_grid.news.settings import NewsSettings
from ib_grid.news.statement import NewsStatement
from tests.helpers.paths import DATA

CALENDARS = DATA / "calendars"
GER40, XAUUSD = instrument("GER40"), instrument("XAUUSD")
MARCH = np.arange(day_number(dt.date(2031, 3, 3)), day_number(dt.date(2031, 3, 15)))
HIGH_USD = ["2031-03-07 13:30", "2031-03-12 18:00", "2031-03-12 18:30"]


def times(minutes: np.ndarray) -> list[str]:
    return [f"{dt.datetime.fromtimestamp(int(m) * 60, dt.UTC):%Y-%m-%d %H:%M}" for m in minutes]


def test_the_filter_of_a_run() -> None:
    run = load_news(NewsSettings(paths=(CALENDARS / "weekly.xml",)), XAUUSD, MARCH)
    assert times(run.filter.events) == HIGH_USD
    assert (run.filter.before_minutes, run.filter.after_minutes) == (2, 2)
    named = ["Payrolls", "Rate Decision", "Press Conference", "Retail Sales"]
    assert [e.title for e in run.events] == named


def test_currencies_of_the_symbol_and_of_the_table() -> None:
    settings = NewsSettings(paths=(CALENDARS / "weekly.xml",))
    assert "Flash Index" in [e.title for e in load_news(settings, GER40, MARCH).events]
    of_table = NewsSettings(paths=settings.paths, currencies={"XAUUSD": ["EUR", "ALL"]})
    run = load_news(of_table, XAUUSD, MARCH)
    assert [e.title for e in run.events] == ["Flash Index", "Meeting"]
    assert run.statement.currencies == ("EUR", "ALL")


def test_statement_of_a_covered_run() -> None:
    settings = NewsSettings(paths=(CALENDARS / "weekly.xml",), before_minutes=3, after_minutes=0)
    run = load_news(settings, GER40, MARCH)
    assert {
        k: v for k, v in run.statement.to_dict().items() if "sha256" not in k and k != "calendars"
    } == {
        "paths": [str(CALENDARS / "weekly.xml")],
        "timezone": None,
        "date_order": None,
        "enabled": True,
        "before_minutes": 3,
        "after_minutes": 0,
        "n_events": 4,
        "impact": "High",
        "currencies": ["EUR", "USD"],
        "coverage": "full",
        "session_dates": 12,
        "unfiltered_dates": 0,
        "unfiltered_spans": [],
        "untimed_events": ["2031-03-13 EUR Summit (Tentative)"],
    }
    assert NewsStatement.from_dict(json.loads(json.dumps(run.statement.to_dict()))).lines == [
        "News filter: no entries from 3 minutes before to 0 minutes after a high-impact event in"
        " EUR, USD (4 event times).",
        "Calendars: weekly.xml.",
        "All 12 session dates are covered.",
        "Without a time of day, so not blocked: 1.",
        "  2031-03-13 EUR Summit (Tentative)",
    ]
    assert run.statement.summary == (
        "News filter: no entries from 3 minutes before to 0 minutes after a high-impact event in"
        " EUR, USD (4 event times)."
    )


def test_events_far_from_the_bars_change_nothing(tmp_path: Path) -> None:
    near = tmp_path / "near.csv"
    rows = [
        row for row in (CALENDARS / "semicolons.csv").read_text().splitlines() if "-11-" not in row
    ]
    near.write_text("\n".join([*rows, "2031-03-22 00:00;JPY;Low;last"]))
    with_november = load_news(NewsSettings(paths=(near, CALENDARS / "weekly.xml")), XAUUSD, MARCH)
    without = load_news(NewsSettings(paths=(near,), coverage="partial"), XAUUSD, MARCH)
    assert with_november.filter.to_dict() == without.filter.to_dict()


def test_uncovered_dates_stop_the_run() -> None:
    dates = np.append(MARCH, MARCH[-1] + np.arange(1, 4))
    with pytest.raises(DataError) as raised:
        load_news(NewsSettings(paths=(CALENDARS / "weekly.xml",)), XAUUSD, dates)
    error = raised.value
    assert error.message == (
        "the calendars do not cover 2 of 15 session dates:"
        " 2031-03-16 to 2031-03-17 (2 session dates: no calendar)"
    )
    assert error.location == str(CALENDARS / "weekly.xml")
    assert error.expected == "events in USD for the session dates from 2031-03-03 to 2031-03-17"
    assert "--news-coverage partial" in error.hint


def test_calendar_without_relevant_events_stops_the_run(tmp_path: Path) -> None:
    calendar = tmp_path / "medium.csv"
    days = [f"2031-{month:02}-{day:02}" for month in (2, 3, 4) for day in range(1, 29, 3)]
    lines = [f"{day} 13:30Z,USD,{impact},x" for day in days for impact in ("Medium", "Low")]
    calendar.write_text("\n".join(["time,currency,impact,title", *lines]))
    dates = np.arange(MARCH[0], MARCH[0] + 28)
    found = "28 session dates: no high-impact event in USD"
    with pytest.raises(DataError, match=found) as raised:
        load_news(NewsSettings(paths=(calendar,)), XAUUSD, dates)
    assert "--news-coverage partial" in raised.value.hint
    partial = load_news(NewsSettings(paths=(calendar,), coverage="partial"), XAUUSD, dates)
    lines = partial.statement.lines
    assert lines[2:] == [
        "NOT FILTERED: 28 of 28 session dates.",
        f"  2031-03-03 to 2031-03-30 ({found})",
    ]


def test_a_week_of_another_currency_stops_a_short_run(tmp_path: Path) -> None:
    calendar = tmp_path / "week.xml"
    calendar.write_text(
        "<weeklyevents><event><title>x</title><country>EUR</country><date>03-04-2031</date>"
        "<time>8:30am</time><impact>High</impact></event></weeklyevents>"
    )
    with pytest.raises(DataError, match="no USD event in 7 days"):
        load_news(NewsSettings(paths=(calendar,)), XAUUSD, MARCH[:4])
    assert load_news(NewsSettings(paths=(calendar,)), GER40, MARCH[:4]).filter.events.size == 1


def test_partial_coverage_is_accepted_and_noted() -> None:
    dates = np.append(MARCH, MARCH[-1] + np.arange(1, 4))
    settings = NewsSettings(paths=(CALENDARS / "weekly.xml",), coverage="partial")
    run = load_news(settings, XAUUSD, dates)
    assert times(run.filter.events) == HIGH_USD
    assert (run.statement.session_dates, run.statement.unfiltered_dates) == (15, 2)
    (span,) = run.statement.unfiltered_spans
    assert span == "2031-03-16 to 2031-03-17 (2 session dates: no calendar)"
    lines = run.statement.lines
    assert "NOT FILTERED: 2 of 15 session dates." in lines
    assert run.statement.summary == f"{lines[0]} NOT FILTERED: 2 of 15 session dates."
    assert f"  {span}" in lines


def test_many_spans_are_cut_in_the_message_only(tmp_path: Path) -> None:
    csv = "time,currency,impact,title\n2031-03-04 13:30Z,USD,High,x\n"
    paths = []
    for i, day in enumerate(range(4, 18, 2)):
        paths.append(tmp_path / f"{i}.csv")
        paths[-1].write_text(csv.replace("03-04", f"03-{day:02}"))
    dates = np.arange(day_number(dt.date(2031, 3, 3)), day_number(dt.date(2031, 3, 17)))
    with pytest.raises(DataError, match="do not cover 7 of 14 session dates") as raised:
        load_news(NewsSettings(paths=tuple(paths)), XAUUSD, dates)
    assert raised.value.message.count("2031-03-") == 5
    assert raised.value.message.endswith("; and 2 more")
    assert raised.value.location == ", ".join([*map(str, paths[:5]), "and 2 more"])
    partial = load_news(NewsSettings(paths=tuple(paths), coverage="partial"), XAUUSD, dates)
    assert len(partial.statement.unfiltered_spans) == 7


def test_no_calendar_stops_the_run() -> None:
    with pytest.raises(ConfigError, match="the news filter is on but no calendar is given") as no:
        load_news(NewsSettings(), XAUUSD, MARCH)
    assert "--no-news" in no.value.hint


def test_partial_coverage_without_calendar_runs_unfiltered() -> None:
    run = load_news(NewsSettings(coverage="partial"), XAUUSD, MARCH)
    assert len(run.filter.events) == 0
    assert run.statement.unfiltered_dates == run.statement.session_dates == 12
    assert run.statement.lines[1:3] == [
        "Calendars: none.",
        "NOT FILTERED: 12 of 12 session dates.",
    ]


def test_no_news() -> None:
    run = load_news(NewsSettings(enabled=False, paths=(Path("nowhere"),)), XAUUSD, MARCH)
    assert run.filter is NO_NEWS
    assert run.statement.lines == ["News filter: off."]


def test_a_partial_run_still_needs_the_files_it_names(tmp_path: Path) -> None:
    settings = NewsSettings(paths=(tmp_path / "nowhere.json",), coverage="partial")
    with pytest.raises(DataError, match="no such file or folder"):
        load_news(settings, XAUUSD, MARCH)


def test_no_session_dates() -> None:
    run = load_news(NewsSettings(paths=(CALENDARS,)), XAUUSD, np.zeros(0, np.int64))
    assert len(run.filter.events) == 0
    assert run.statement.session_dates == 0


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({"coverage": "most"}, "unknown news coverage 'most'"),
        ({"before_minutes": -1}, "before_minutes is -1"),
        ({"after_minutes": 2.5}, "after_minutes is 2.5"),
        ({"timezone": "Mars/Base"}, "unknown time zone 'Mars/Base'"),
        ({"currencies": {"XAUUSD": "USD"}}, "invalid currencies of XAUUSD: 'USD'"),
    ],
)
def test_wrong_settings(settings: dict[str, object], found: str) -> None:
    with pytest.raises(InputError) as raised:
        load_news(NewsSettings(paths=(CALENDARS,), **settings), XAUUSD, MARCH)
    assert raised.value.message == found


@pytest.mark.parametrize("name", ["before_minutes", "calendars", "coverage", "untimed_events"])
def test_an_incomplete_statement_is_refused(name: str) -> None:
    values = load_news(NewsSettings(coverage="partial"), XAUUSD, MARCH).statement.to_dict()
    assert NewsStatement.from_dict(values).to_dict() == values
    for wrong in ({k: v for k, v in values.items() if k != name}, {**values, name: {}}):
        with pytest.raises(ConfigError, match=name):
            NewsStatement.from_dict(wrong)
