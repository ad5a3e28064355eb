"""Calendars and settings to the news filter of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ib_grid.errors import ConfigError, DataError
from ib_grid.market.clock import MINUTES_PER_DAY, Days, date_of
from ib_grid.market.instruments import Instrument
from ib_grid.news.calendars import HIGH, Calendar, Event, UntimedEvent
from ib_grid.news.coverage import UnfilteredSpan, unfiltered_spans
from ib_grid.news.filter import NO_NEWS, NewsFilter, currencies_of, news_filter
from ib_grid.news.settings import NewsSettings
from ib_grid.news.statement import DISABLED, NewsStatement

# Events further than this from the session dates cannot matter: a wait and a window of a day each,
# a day of `before_minutes`, and a day between a local date and UTC.
MARGIN_DAYS = 4
_MAX_LISTED = 5
_HINT = (
    "add the missing calendars with --news, accept unfiltered dates with --news-coverage partial,"
    " or turn the filter off with --no-news"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedNews:
    """The news filter of a run, its events and its provenance.

    The filter has the events near the session dates; `events` are all high-impact ones in the
    currencies, however far from the session dates.
    """

    filter: NewsFilter
    events: tuple[Event, ...]
    statement: NewsStatement


def load_news(settings: NewsSettings, instrument: Instrument, dates: Days) -> LoadedNews:
    """Load the news filter of a run whose bars have these session dates."""
    if not settings.enabled:
        return LoadedNews(filter=NO_NEWS, events=(), statement=DISABLED)
    currencies = currencies_of(instrument, settings.currencies)
    calendar = _read(settings)
    dates = np.unique(np.asarray(dates, dtype=np.int64))
    events = calendar.high_impact(currencies)
    near = Calendar(events=_events_near(events, dates))
    news = news_filter(near, currencies, settings.before_minutes, settings.after_minutes)
    spans = unfiltered_spans(calendar, currencies, dates)
    if spans and settings.coverage == "full":
        raise _not_covered(settings, currencies, dates, spans)
    statement = NewsStatement(
        enabled=True,
        **news.to_dict(),  # type: ignore[arg-type]
        impact=HIGH,
        currencies=currencies,
        paths=tuple(str(path.absolute()) for path in settings.paths),
        timezone=settings.timezone,
        date_order=settings.date_order,
        calendars=calendar.files,
        coverage=settings.coverage,
        session_dates=len(dates),
        unfiltered_dates=sum(len(span.dates) for span in spans),
        unfiltered_spans=tuple(map(str, spans)),
        untimed_events=_untimed_on(calendar.high_impact_untimed(currencies), dates),
    )
    return LoadedNews(filter=news, events=events, statement=statement)


def _read(settings: NewsSettings) -> Calendar:
    if settings.paths or settings.coverage == "partial":
        from ib_grid.news.calendar_files import read_calendar  # many modules, for runs with news

        return read_calendar(
            settings.paths, timezone=settings.timezone, date_order=settings.date_order
        )
    raise ConfigError(
        "the news filter is on but no calendar is given",
        location="--news",
        expected="calendar files or a folder of calendars",
        hint=_HINT,
    )


def _events_near(events: Sequence[Event], dates: Days) -> tuple[Event, ...]:
    """Return the events that can matter on these dates."""
    if not len(dates):
        return ()
    first = (int(dates[0]) - MARGIN_DAYS) * MINUTES_PER_DAY
    end = (int(dates[-1]) + MARGIN_DAYS + 1) * MINUTES_PER_DAY
    return tuple(event for event in events if first <= event.minute < end)


def _untimed_on(events: Sequence[UntimedEvent], dates: Days) -> tuple[str, ...]:
    session_dates = {int(day) for day in dates}
    return tuple(
        f"{date_of(event.date)} {event.currency} {event.title} ({event.time_text or 'no time'})"
        for event in events
        if event.date in session_dates
    )


def _not_covered(
    settings: NewsSettings,
    currencies: Sequence[str],
    dates: Days,
    spans: Sequence[UnfilteredSpan],
) -> DataError:
    n_dates = sum(len(span.dates) for span in spans)
    return DataError(
        f"the calendars do not cover {n_dates:,} of {len(dates):,} session dates: "
        + "; ".join(_first(spans)),
        location=", ".join(_first(settings.paths)),
        expected=f"events in {', '.join(currencies)} for the session dates from"
        f" {date_of(dates[0])} to {date_of(dates[-1])}",
        hint=_HINT,
    )


def _first(values: Sequence[object]) -> list[str]:
    """Return the first few as text, and the number of the rest."""
    more = [f"and {len(values) - _MAX_LISTED:,} more"] if len(values) > _MAX_LISTED else []
    return [*map(str, values[:_MAX_LISTED]), *more]
