"""Calendars as JSON: a list of events, or an object with one.

Each event is an object with the fields of `fields.LABEL_NAMES` and a time. An object may say the
``year`` that it covers, and the moment it was ``last_updated``, up to which it knows the events.
ForexFactory's weekly feed is a list whose dates have offsets.
"""

from __future__ import annotations

import datetime as dt
import json

import pyarrow as pa

from ib_grid.errors import DataError
from ib_grid.market import clock
from ib_grid.market.bar_checks import LAST_YEAR
from ib_grid.market.csv.layouts.time_columns import FIRST_YEAR, parse_times
from ib_grid.market.csv.layouts.times import TimeForm, forms_of
from ib_grid.news.calendars import Claim
from ib_grid.news.formats.entry import Entry, decoded, shown
from ib_grid.news.formats.fields import RawCalendar
from ib_grid.storage.mapping_files import json_problem, unique_keys

_EXPECTED = "a complete JSON file"
# Names of the list of events, and the fields of ForexFactory's weekly feed.
_LISTS = ("events", "weeklyevents", "calendar", "economicCalendar", "data", "result", "values")
_FEED = {"title", "country", "date", "impact", "forecast", "previous"}
_ISO = TimeForm("year first", "colons")


def read_json_events(raw: bytes, location: str) -> RawCalendar:
    """Read a JSON calendar."""
    document = _json(decoded(raw, location, _EXPECTED), location)
    head, items = _events_of(document, location)
    entries = [_entry(fields, f"{location}, event {i}") for i, fields in enumerate(items, 1)]
    _check_count(head, len(entries), location)
    weekly = bool(entries) and set(entries[0].fields) >= _FEED and not head
    updated = _last_updated(head, location)
    return RawCalendar(
        location=location,
        entries=entries,
        weekly=weekly,
        claims=_claims(head, updated, location),
        last_updated=updated,
    )


def _events_of(document: object, location: str) -> tuple[dict[str, object], list[object]]:
    """Return what a document says of itself, and its list of events."""
    if isinstance(document, list):
        return {}, document
    head = dict(document) if isinstance(document, dict) else {}
    name = next((name for name in _LISTS if isinstance(head.get(name), list)), None)
    if name is None:
        raise DataError(
            "missing list of events",
            location=location,
            expected='a list [{"title": …, "country": …, "date": …, "impact": …}, …], or an object'
            ' with such a list as "events"',
        )
    items = head.pop(name)
    assert isinstance(items, list)  # noqa: S101 - looked up as a list
    return head, items


def _json(text: str, location: str) -> object:
    try:
        return json.loads(text, object_pairs_hook=unique_keys)
    except json.JSONDecodeError as error:
        raise DataError(
            f"invalid JSON: {error.msg}",
            location=f"{location}, line {error.lineno}, column {error.colno}",
            expected=_EXPECTED,
        ) from error
    except (RecursionError, ValueError) as error:
        raise DataError(
            f"invalid JSON: {json_problem(error)}", location=location, expected="a list of events"
        ) from error


def _entry(fields: object, location: str) -> Entry:
    if not isinstance(fields, dict):
        raise DataError(f"the event is {shown(fields)}", location=location, expected="an object")
    return Entry(location=location, fields=fields)


def _check_count(head: dict[str, object], n_events: int, location: str) -> None:
    count = head.get("event_count", n_events)
    if count != n_events:
        raise DataError(
            f"event_count is {shown(count)} but the file has {n_events} events",
            location=location,
            expected="as many events as event_count",
            hint="download the calendar again",
        )


def _last_updated(head: dict[str, object], location: str) -> int | None:
    """Return the date on which a file was written, in UTC unless the time has an offset."""
    if head.get("last_updated") is None:
        return None
    entry = Entry(location=location, fields=head)
    text = entry.text("last_updated")
    forms = forms_of(text)
    seconds, valid = parse_times(pa.array([text.encode()], pa.binary()), (forms or [_ISO])[0])
    if not valid[0]:
        expected = "a time such as 2024-03-08T08:30Z"
        raise entry.error(f"invalid time {shown(text)}", expected=expected)
    return int(seconds[0]) // 86_400


def _claims(
    head: dict[str, object], updated: int | None, location: str
) -> tuple[Claim, ...] | None:
    if "year" not in head:
        return None
    year = head["year"]
    if not isinstance(year, int) or isinstance(year, bool) or not FIRST_YEAR <= year <= LAST_YEAR:
        raise Entry(location=location, fields=head).error(
            f"invalid year {shown(year)}", expected="a whole number such as 2024"
        )
    first, last = clock.day_number(dt.date(year, 1, 1)), clock.day_number(dt.date(year, 12, 31))
    return (Claim(first, last, updated),)
