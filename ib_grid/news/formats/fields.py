"""Fields of calendar entries by their names, and the times of all entries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from ib_grid.errors import DataError
from ib_grid.market import clock
from ib_grid.market.clock import local_clock
from ib_grid.market.csv.layouts.columns import is_time_name, normalised_names, says_utc
from ib_grid.market.csv.layouts.time_columns import FIRST_YEAR, parse_times
from ib_grid.market.csv.layouts.times import (
    DATES,
    ORDERS,
    TimeForm,
    date_forms,
    forms_of,
    is_clock,
    parse_date,
)
from ib_grid.news.calendars import Calendar, Claim, Event, UntimedEvent, claim_of_events
from ib_grid.news.formats.date_order import date_form
from ib_grid.news.formats.entry import Entry, labels, shown

# Names as `normalised_names` writes them. Of several that an entry has, the first counts.
LABEL_NAMES = {
    "currency": ("currency", "currency code", "ccy", "cur", "country", "economy"),
    "impact": ("impact", "imp", "importance", "importance str", "volatility", "priority"),
    "title": ("title", "event", "name", "event name", "news", "headline", "description"),
}
MOMENT_NAMES = (
    "datetime utc", "time utc", "date utc", "dateutc", "timestamp utc", "utc", "datetime gmt",
    "datetime", "date time", "timestamp", "time", "date", "start", "release time", "event time",
)  # fmt: skip
DATE_NAMES = ("date", "date utc", "event date", "day")
CLOCK_NAMES = ("time", "time utc", "event time", "hour")
# Of calendars that have the impact as -1, 0 or 1, such as TradingView's.
_SIGNED_IMPACTS = {"-1": "Low", "0": "Medium", "1": "High"}
UNTIMED_WORDS = ("", "all day", "allday", "tentative", "n/a", "na", "-", "tbd", "tba")
_EXPECTED_TIME = (
    "a date and a time such as 2024-03-08 13:30, 2024-03-08T08:30:00-05:00 or 03/28/2024 8:30am"
)
_N_SAMPLE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class RawCalendar:
    """Entries of a file, and what its format says about all of these.

    Attributes
    ----------
    timezone : str or None
        Clock of times without an offset; None if the format does not say.
    date : str or None
        Form of `times.DATES` that dates have; None if the format does not say.
    weekly : bool
        True if the file covers each week, Sunday to Saturday, that has an event.
    claims : tuple of Claim or None
        Dates that the file itself claims to cover; None for its first to its last event.
    last_updated : int or None
        Date on which the file was written.
    """

    location: str
    entries: Sequence[Entry]
    timezone: str | None = None
    date: str | None = None
    weekly: bool = False
    claims: tuple[Claim, ...] | None = None
    last_updated: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Names:
    """The names of the fields; of the time either one, or those of date and time of day."""

    time: tuple[str, ...]
    currency: str
    impact: str
    title: str

    @property
    def utc(self) -> bool:
        """True if the name of the time says UTC."""
        return any(map(says_utc, normalised_names(self.time)))


def calendar_of(raw: RawCalendar, timezone: str | None, date_order: str | None) -> Calendar:
    """Return the events of a file; `timezone` is the clock of times without an offset.

    `date_order` is a key of `times.ORDERS`, for dates such as 03/05/2024.
    """
    if not raw.entries:
        return Calendar(claims=raw.claims or ())
    names = _names(raw)
    raw = _with_impact_words(raw, names)
    texts = [_time_text(entry, names.time) for entry in raw.entries]
    location = f"{raw.location}, {names.time[0]}"
    date = raw.date or date_form([text[0] for text in texts], location, date_order)
    timed = [i for i, text in enumerate(texts) if not _is_untimed(text)]
    minutes = _minutes(raw, texts, timed, names, date, timezone)
    events = tuple(
        Event(minute, *_labels(raw.entries[i], names))
        for i, minute in zip(timed, minutes, strict=True)
    )
    untimed = tuple(
        _untimed(entry, text, names, date)
        for entry, text in zip(raw.entries, texts, strict=True)
        if _is_untimed(text)
    )
    return Calendar(events=events, untimed=untimed, claims=_claims(raw, events, untimed))


def _names(raw: RawCalendar) -> _Names:
    own = list(raw.entries[0].fields)
    known = dict(zip(reversed(normalised_names(own)), reversed(own), strict=True))
    found = {
        label: next((known[name] for name in names if name in known), None)
        for label, names in LABEL_NAMES.items()
    }
    time = _time_names(raw, known)
    missing = [*([] if time else ["time"]), *(label for label, name in found.items() if not name)]
    if missing:
        raise DataError(
            f"missing {', '.join(missing)} in the names {','.join(own)[:200]!r}",
            location=raw.location,
            expected="time (or date and time), currency, impact and title of each event",
        )
    return _Names(time=time, **{label: name for label, name in found.items() if name})


def _time_names(raw: RawCalendar, known: dict[str, str]) -> tuple[str, ...]:
    """Return the field of times, or those of date and time of day, by names and values."""
    sample = raw.entries[:_N_SAMPLE]

    def has(name: str, test: Callable[[str], object]) -> bool:
        return name in known and any(test(e.optional_text(known[name])) for e in sample)

    moment = next((known[name] for name in MOMENT_NAMES if has(name, forms_of)), None)
    if moment is not None:
        return (moment,)
    date = next((known[name] for name in DATE_NAMES if has(name, date_forms)), None)
    clocks = (*CLOCK_NAMES, *filter(is_time_name, known))  # also Time (ET)
    of_day = next((known[name] for name in clocks if has(name, is_clock)), None)
    if date is not None and of_day is not None:
        return date, of_day
    names = [known[name] for name in ("date", "time") if name in known]
    return tuple(names) or tuple(known[name] for name in MOMENT_NAMES if name in known)[:1]


def _time_text(entry: Entry, names: tuple[str, ...]) -> tuple[str, ...]:
    first = entry.optional_text(names[0]) or entry.text(names[0])
    if len(names) == 2:
        return first, entry.optional_text(names[1])
    date, _, word = first.partition(" ")
    return (date, word) if word and word.casefold() in UNTIMED_WORDS else (first,)


def _with_impact_words(raw: RawCalendar, names: _Names) -> RawCalendar:
    """Return a calendar with words for impacts if its numbers are -1, 0 and 1."""
    impacts = [str(entry.fields.get(names.impact, "")).strip() for entry in raw.entries]
    fields = normalised_names(list(raw.entries[0].fields))
    if not set(impacts) <= set(_SIGNED_IMPACTS) or not ("indicator" in fields or "-1" in impacts):
        return raw
    entries = [
        replace(entry, fields={**entry.fields, names.impact: _SIGNED_IMPACTS[impact]})
        for entry, impact in zip(raw.entries, impacts, strict=True)
    ]
    return replace(raw, entries=entries)


def _is_untimed(text: tuple[str, ...]) -> bool:
    if len(text) == 1:
        return bool(date_forms(text[0])) and not forms_of(text[0])
    return text[1].casefold() in UNTIMED_WORDS or text[1].casefold().startswith("day ")


def _minutes(
    raw: RawCalendar,
    texts: Sequence[tuple[str, ...]],
    timed: Sequence[int],
    names: _Names,
    date: str | None,
    timezone: str | None,
) -> list[int]:
    """Return the UTC minutes of the entries with a time."""
    other = set(ORDERS.values()) - {date}
    dates = [name for name in DATES if name not in other] if date else list(DATES)
    by_form: dict[TimeForm, list[int]] = {}
    for i in timed:
        forms = forms_of(" ".join(texts[i]), dates)
        if not forms:
            raise _invalid_time(raw.entries[i], texts[i])
        by_form.setdefault(forms[0], []).append(i)
    minute: dict[int, int] = {}
    for form, rows in by_form.items():
        column = pa.array([" ".join(texts[i]).encode() for i in rows], pa.binary())
        seconds, valid = parse_times(column, form)
        if not valid.all():
            row = rows[int(valid.argmin())]
            raise _invalid_time(raw.entries[row], texts[row])
        zone = None if form.aware or names.utc else (timezone or raw.timezone)
        if zone is None and not (form.aware or names.utc):
            raise _no_clock(raw.entries[rows[0]], texts[rows[0]])
        minute |= zip(rows, _utc(raw, rows, seconds // 60, zone), strict=True)
    return [minute[i] for i in timed]


def _utc(
    raw: RawCalendar, rows: Sequence[int], minutes: clock.Minutes, zone: str | None
) -> list[int]:
    if zone is None:
        return [int(minute) for minute in minutes]
    utc, n_minutes = local_clock(zone).to_utc(minutes)
    if (n_minutes != 1).any():
        at = int((n_minutes != 1).argmax())
        verb = "repeats" if n_minutes[at] else "skips"
        raise raw.entries[rows[at]].error(
            f"the clock change in {zone} {verb} the local time"
            f" {clock.minute_text(int(minutes[at]))}",
            expected="a time outside the clock change, or a time with an offset",
        )
    return [int(minute) for minute in np.asarray(utc)]


def _invalid_time(entry: Entry, text: tuple[str, ...]) -> DataError:
    return entry.error(f"invalid time {shown(' '.join(text))}", expected=_EXPECTED_TIME)


def _no_clock(entry: Entry, text: tuple[str, ...]) -> DataError:
    return entry.error(
        f"the time {shown(' '.join(text))} has no time zone",
        expected="times with an offset, or the time zone of the calendar's clock",
        hint="give the time zone, such as --news-timezone America/New_York or UTC",
    )


def _untimed(entry: Entry, text: tuple[str, ...], names: _Names, date: str | None) -> UntimedEvent:
    other = set(ORDERS.values()) - {date} if date else set()
    forms = [form for form in date_forms(text[0]) if form not in other]
    day = next((day for form in forms if (day := parse_date(text[0], form))), None)
    if day is None or day.year < FIRST_YEAR:
        raise entry.error(f"invalid date {shown(text[0])}", expected="a date such as 2024-03-08")
    # Scrapers leave currency and importance of a holiday empty.
    given = {names.currency: "ALL", names.impact: "Holiday"}
    filled = {n: entry.fields.get(n) or given.get(n, "") for n in entry.fields}
    labelled = _labels(Entry(location=entry.location, fields=filled), names)
    return UntimedEvent(clock.day_number(day), *labelled, "".join(text[1:]))


def _labels(entry: Entry, names: _Names) -> tuple[str, str, str]:
    return labels(entry, currency=names.currency, impact=names.impact, title=names.title)


def _claims(
    raw: RawCalendar, events: Sequence[Event], untimed: Sequence[UntimedEvent]
) -> tuple[Claim, ...]:
    if raw.claims is not None:
        return raw.claims
    if not raw.weekly:
        return claim_of_events(events, raw.last_updated)
    dates = [e.minute // clock.MINUTES_PER_DAY for e in events] + [e.date for e in untimed]
    # 1970-01-01 was a Thursday.
    sundays = sorted({date - (date + 4) % 7 for date in dates})
    return tuple(Claim(sunday, sunday + 6) for sunday in sundays)
