"""ForexFactory weekly export, XML.

``<weeklyevents>`` holds an ``<event>`` with title, country (a currency), date (MM-DD-YYYY), time
(8:30am) and impact for each event. Its clock is that of New York. It claims each week, Sunday to
Saturday, that has an event.
"""

from __future__ import annotations

import datetime as dt
import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence

from ib_grid.errors import DataError
from ib_grid.market import clock
from ib_grid.news.calendars import Calendar, Claim, Event, UntimedEvent
from ib_grid.news.entries import Entry, check_year, labels, shown, utc_minute

WEEKLY_TIMEZONE = "America/New_York"

_DATE = re.compile(r"([0-9]{2})-([0-9]{2})-([0-9]{4})")
_TIME = re.compile(r"(1[0-2]|0?[1-9]):([0-5][0-9]) ?([ap])m", re.IGNORECASE)
_UNTIMED = re.compile(r"|all day|tentative|day [0-9]+", re.IGNORECASE)
_FIELDS = ("title", "country", "date", "time", "impact")


class _NoDoctype(ET.TreeBuilder):
    """Refuses what could declare an entity, before a single one is read."""

    def doctype(self, *_: object) -> None:
        raise _DoctypeError


class _DoctypeError(Exception):
    pass


def read_weekly(raw: bytes, location: str, timezone: str = WEEKLY_TIMEZONE) -> Calendar:
    """The calendar of a ForexFactory weekly export.

    Raises
    ------
    DataError
        If it is not XML of weekly events, has a DOCTYPE, or one of its events is wrong.
    """
    events: list[Event] = []
    untimed: list[UntimedEvent] = []
    dates: list[int] = []
    for i, element in enumerate(_elements(raw, location), 1):
        entry = _entry(element, f"{location}, event {i}")
        date = _date(entry)
        dates.append(clock.day_number(date))
        time = _time(entry)
        names = labels(entry, currency="country")
        if time is None:
            untimed.append(UntimedEvent(clock.day_number(date), *names, entry.text("time")))
        else:
            moment = dt.datetime.combine(date, time)
            events.append(Event(utc_minute(entry, moment, timezone), *names))
    return Calendar(events=tuple(events), untimed=tuple(untimed), claims=_weeks_of(dates))


def _elements(raw: bytes, location: str) -> list[ET.Element]:
    expected = "<weeklyevents> with an <event> for each event"
    try:
        # Entities, and with them bombs and outside files, can only come from a DOCTYPE.
        root = ET.fromstring(raw, parser=ET.XMLParser(target=_NoDoctype()))  # noqa: S314
    except _DoctypeError:
        raise DataError("the XML has a DOCTYPE", location=location, expected=expected) from None
    except ET.ParseError as error:
        raise DataError(
            f"not readable as XML: {error.msg}", location=location, expected=expected
        ) from error
    except (LookupError, ValueError) as error:
        raise DataError(
            f"not readable as XML: {error}", location=location, expected=expected
        ) from error
    if root.tag != "weeklyevents":
        raise DataError(f"the XML is <{root.tag[:80]}>", location=location, expected=expected)
    odd = next((child.tag for child in root if child.tag != "event"), None)
    if odd is not None:
        raise DataError(f"<{odd[:80]}> among the events", location=location, expected=expected)
    return list(root)


def _entry(element: ET.Element, location: str) -> Entry:
    entry = Entry(location=location, fields={child.tag: child.text or "" for child in element})
    for name in _FIELDS:
        if len(element.findall(name)) != 1:
            raise entry.error(
                f"{len(element.findall(name)) or 'no'} <{name}>",
                expected=f"one each of {', '.join(_FIELDS)}",
            )
    return entry


def _date(entry: Entry) -> dt.date:
    match = _DATE.fullmatch(entry.text("date"))
    try:
        month, day, year = (int(part) for part in match.groups()) if match else (0, 0, 0)
        date = dt.date(year, month, day)
    except ValueError:
        raise entry.error(
            f"the date is {shown(entry.text('date'))}", expected="MM-DD-YYYY, such as 03-08-2024"
        ) from None
    check_year(entry, date.year)
    return date


def _time(entry: Entry) -> dt.time | None:
    """The clock time, None where the calendar has none."""
    text = entry.text("time")
    if _UNTIMED.fullmatch(text):
        return None
    match = _TIME.fullmatch(text)
    if match is None:
        raise entry.error(f"the time is {shown(text)}", expected="8:30am, All Day or Tentative")
    hour = int(match[1]) % 12 + (12 if match[3].lower() == "p" else 0)
    return dt.time(hour, int(match[2]))


def _weeks_of(dates: Sequence[int]) -> tuple[Claim, ...]:
    """The weeks, Sunday to Saturday, of these dates; 1970-01-01 was a Thursday."""
    sundays = sorted({date - (date + 4) % 7 for date in dates})
    return tuple(Claim(sunday, sunday + 6) for sunday in sundays)
