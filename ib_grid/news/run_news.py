"""The news filter of a run: settings and files to a filter, and to what the run says of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from ib_grid.errors import ConfigError, DataError
from ib_grid.market.clock import MINUTES_PER_DAY, Days, date_of
from ib_grid.market.instruments import Instrument
from ib_grid.news import (
    NO_NEWS,
    Calendar,
    Event,
    NewsFilter,
    UnfilteredSpan,
    currencies_of,
    news_filter,
    read_calendar,
    unfiltered_spans,
)
from ib_grid.news.calendars import HIGH, UntimedEvent

CoverageMode = Literal["full", "partial"]
COVERAGE_MODES: tuple[CoverageMode, ...] = get_args(CoverageMode)

# Events further than this from the session dates cannot matter: a wait and a window of a day each,
# a day of `before_minutes`, and a day between a local date and UTC.
MARGIN_DAYS = 4
_NAMED = 5
_REMEDY = (
    "add the missing calendars with --news, accept unfiltered dates with --news-coverage partial,"
    " or run without the filter with --no-news"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsSettings:
    """What a person asks of the news filter.

    Attributes
    ----------
    enabled : bool
        False for ``--no-news``.
    paths : tuple of Path
        Calendar files and folders.
    before_minutes, after_minutes : int
        Both ends of the blocked span included.
    coverage : {"full", "partial"}
        Whether a session date that the calendar does not cover stops the run or is accepted.
    currencies : mapping of symbol to currencies
        Replaces or adds to the currencies that the instruments name.
    timezone : str or None
        The clock of times that name none; None for each format's own (see `read_calendar`).

    Raises
    ------
    ConfigError
        If the coverage mode is unknown.
    """

    enabled: bool = True
    paths: tuple[Path, ...] = ()
    before_minutes: int = 2
    after_minutes: int = 2
    coverage: CoverageMode = "full"
    currencies: Mapping[str, Sequence[str]] = field(default_factory=dict)
    timezone: str | None = None

    def __post_init__(self) -> None:
        if self.coverage not in COVERAGE_MODES:
            raise ConfigError(
                f"the news coverage is {self.coverage!r}",
                expected=f"one of {', '.join(COVERAGE_MODES)}",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunNews:
    """The filter of a run, the events it is made of, and what the run says of it.

    Attributes
    ----------
    news : NewsFilter
        For the engines, of the events that can matter on the session dates; its `to_dict` belongs
        into the fingerprint of a run.
    events : tuple of Event
        All of high impact in the currencies, however far from the session dates.
    statement : dict
        JSON values for the manifest; `statement_lines` puts it into words.
    """

    news: NewsFilter
    events: tuple[Event, ...]
    statement: dict[str, object]


def run_news(settings: NewsSettings, instrument: Instrument, dates: Days) -> RunNews:
    """The news filter of a run.

    Parameters
    ----------
    settings : NewsSettings
    instrument : Instrument
    dates : int64 array, shape (n_dates,)
        The session dates of the bars, days since 1970-01-01.

    Raises
    ------
    ConfigError
        If there is no calendar, or a setting is wrong.
    DataError
        If a calendar cannot be read, or does not cover a session date, and `coverage` is ``full``.
        A calendar without an event that could block covers none; see `ib_grid.news.coverage`.
    """
    if not settings.enabled:
        return RunNews(news=NO_NEWS, events=(), statement={"enabled": False})
    currencies = currencies_of(instrument, settings.currencies)
    calendar = _read(settings)
    dates = np.unique(np.asarray(dates, dtype=np.int64))
    events = calendar.high_impact(currencies)
    near = Calendar(events=_events_near(events, dates))
    news = news_filter(near, currencies, settings.before_minutes, settings.after_minutes)
    spans = unfiltered_spans(calendar, currencies, dates)
    if spans and settings.coverage == "full":
        raise _not_covered(settings, currencies, dates, spans)
    statement: dict[str, object] = {
        "enabled": True,
        **news.to_dict(),
        "impact": HIGH,
        "currencies": list(currencies),
        "paths": [str(path.absolute()) for path in settings.paths],
        "timezone": settings.timezone,
        "calendars": [dataclasses.asdict(file) for file in calendar.files],
        "coverage": settings.coverage,
        "session_dates": len(dates),
        "unfiltered_dates": sum(len(span.dates) for span in spans),
        "unfiltered_spans": [str(span) for span in spans],
        "untimed_events": _untimed_on(calendar.high_impact_untimed(currencies), dates),
    }
    return RunNews(news=news, events=events, statement=statement)


def statement_line(statement: Mapping[str, Any]) -> str:
    """What `statement_lines` begins with, and the dates that are not filtered, in a line."""
    lines = statement_lines({**statement, "unfiltered_spans": (), "untimed_events": ()})
    is_partial = statement["enabled"] and statement["unfiltered_dates"]
    return " ".join([lines[0], *(lines[2:] if is_partial else [])])


def statement_lines(statement: Mapping[str, Any]) -> list[str]:
    """What a run says of its news filter, a sentence a line, for a summary or a report.

    Parameters
    ----------
    statement : mapping
        That of `RunNews`, or the same read back from a manifest.
    """
    if not statement["enabled"]:
        return ["News filter: off."]
    total, unfiltered = statement["session_dates"], statement["unfiltered_dates"]
    lines = [
        f"News filter: no entry from {statement['before_minutes']} minutes before to"
        f" {statement['after_minutes']} minutes after an event of high impact in"
        f" {', '.join(statement['currencies'])}; {statement['n_events']:,} such moments.",
        "Calendars: " + (", ".join(c["name"] for c in statement["calendars"]) or "none") + ".",
    ]
    if unfiltered:
        lines.append(f"NOT FILTERED: {unfiltered:,} of {total:,} session dates.")
        lines += [f"  {span}" for span in statement["unfiltered_spans"]]
    else:
        lines.append(f"Every one of the {total:,} session dates is covered.")
    untimed = statement["untimed_events"]
    if untimed:
        lines.append(f"Without a clock time, and so blocking nothing: {len(untimed):,} of them.")
        lines += [f"  {event}" for event in untimed]
    return lines


def _read(settings: NewsSettings) -> Calendar:
    if settings.paths or settings.coverage == "partial":
        return read_calendar(settings.paths, timezone=settings.timezone)
    raise ConfigError(
        "the news filter is on and there is no calendar",
        location="--news",
        expected="a calendar file or a folder of them",
        hint=_REMEDY,
    )


def _events_near(events: Sequence[Event], dates: Days) -> tuple[Event, ...]:
    """The events that can matter on these dates, so that others do not change a fingerprint."""
    if not len(dates):
        return ()
    first = (int(dates[0]) - MARGIN_DAYS) * MINUTES_PER_DAY
    end = (int(dates[-1]) + MARGIN_DAYS + 1) * MINUTES_PER_DAY
    return tuple(event for event in events if first <= event.minute < end)


def _untimed_on(events: Sequence[UntimedEvent], dates: Days) -> list[str]:
    session_dates = {int(day) for day in dates}
    return [
        f"{date_of(event.date)} {event.currency} {event.title} ({event.time_text or 'no time'})"
        for event in events
        if event.date in session_dates
    ]


def _not_covered(
    settings: NewsSettings,
    currencies: Sequence[str],
    dates: Days,
    spans: Sequence[UnfilteredSpan],
) -> DataError:
    n_dates = sum(len(span.dates) for span in spans)
    return DataError(
        f"the calendar does not cover {n_dates:,} of {len(dates):,} session dates: "
        + "; ".join(_first(spans)),
        location=", ".join(_first(settings.paths)),
        expected=f"events in {', '.join(currencies)} for the session dates from"
        f" {date_of(dates[0])} to {date_of(dates[-1])}",
        hint=_REMEDY,
    )


def _first(values: Sequence[object]) -> list[str]:
    """The first few in words, and how many more there are."""
    more = [f"and {len(values) - _NAMED:,} more"] if len(values) > _NAMED else []
    return [*map(str, values[:_NAMED]), *more]
