"""ForexFactory weekly export, XML.

``<weeklyevents>`` contains one ``<event>`` per event with title, country (a currency), date
(MM-DD-YYYY), time (8:30am) and impact. The file covers each week, Sunday to Saturday, that has an
event.
"""

from __future__ import annotations

import datetime as dt
import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence

from ib_grid.errors import DataError
from ib_grid.market import clock
from ib_grid.news.calendars import Calendar, Claim, Event, UntimedEvent
from ib_grid.news.formats.entry import BOM, Entry, check_year, labels, shown, utc_minute

_DATE = re.compile(r"([0-9]{2})-([0-9]{2})-([0-9]{4})")
_TIME = re.compile(r"(1[0-2]|0?[1-9]):([0-5][0-9]) ?([ap])m", re.IGNORECASE)
_UNTIMED = re.compile(r"|all day|tentative|day [0-9]+", re.IGNORECASE)
_FIELDS = ("title", "country", "date", "time", "impact")


class _NoDoctype(ET.TreeBuilder):
    """Tree builder that refuses a DOCTYPE, the only place that can declare entities."""

    def doctype(self, *_: object) -> None:
        raise _DoctypeError


class _DoctypeError(Exception):
    pass


def read_forexfactory_xml(raw: bytes, location: str, timezone: str) -> Calendar:
    """Read a weekly export; `timezone` is its clock."""
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
    body = raw.removeprefix(BOM).lstrip()
    try:
        # Only a DOCTYPE can declare entities, and with them bombs and external files.
        root = ET.fromstring(body, parser=ET.XMLParser(target=_NoDoctype()))  # noqa: S314
    except _DoctypeError:
        raise _error("the XML has a DOCTYPE", location) from None
    except ET.ParseError as error:
        raise _error(f"invalid XML: {error.msg}", location) from error
    except (LookupError, ValueError) as error:
        raise _error(f"invalid XML: {error}", location) from error
    if root.tag != "weeklyevents":
        raise _error(f"the root element is <{root.tag[:80]}>", location)
    unexpected = next((child.tag for child in root if child.tag != "event"), None)
    if unexpected is not None:
        raise _error(f"unexpected element <{unexpected[:80]}>", location)
    return list(root)


def _error(message: str, location: str) -> DataError:
    expected = "<weeklyevents> with one <event> per event"
    return DataError(message, location=location, expected=expected)


def _entry(element: ET.Element, location: str) -> Entry:
    entry = Entry(location=location, fields={child.tag: child.text or "" for child in element})
    for name in _FIELDS:
        found = len(element.findall(name))
        if found != 1:
            raise entry.error(
                f"{found} <{name}> elements" if found else f"missing <{name}>",
                expected=f"exactly one each of {', '.join(_FIELDS)}",
            )
    return entry


def _date(entry: Entry) -> dt.date:
    match = _DATE.fullmatch(entry.text("date"))
    try:
        month, day, year = (int(part) for part in match.groups()) if match else (0, 0, 0)
        date = dt.date(year, month, day)
    except ValueError:
        raise entry.error(
            f"invalid date {shown(entry.text('date'))}", expected="MM-DD-YYYY, such as 03-08-2024"
        ) from None
    check_year(entry, date.year)
    return date


def _time(entry: Entry) -> dt.time | None:
    """Return the time of day, None for an untimed event."""
    text = entry.text("time")
    if _UNTIMED.fullmatch(text):
        return None
    match = _TIME.fullmatch(text)
    if match is None:
        raise entry.error(f"invalid time {shown(text)}", expected="8:30am, All Day or Tentative")
    hour = int(match[1]) % 12 + (12 if match[3].lower() == "p" else 0)
    return dt.time(hour, int(match[2]))


def _weeks_of(dates: Sequence[int]) -> tuple[Claim, ...]:
    """Return the weeks, Sunday to Saturday, of these dates."""
    # 1970-01-01 was a Thursday.
    sundays = sorted({date - (date + 4) % 7 for date in dates})
    return tuple(Claim(sunday, sunday + 6) for sunday in sundays)
