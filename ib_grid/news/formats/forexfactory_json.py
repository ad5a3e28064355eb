"""ForexFactory JSON, one file per year.

``events`` is a list of objects with title, country (a currency), datetime_utc and impact. The file
covers its ``year`` up to the date of ``last_updated``, if that is present; without a year, the
dates from its first to its last event. Times are UTC.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Sequence

from ib_grid.errors import DataError
from ib_grid.market import clock
from ib_grid.news.calendars import Calendar, Claim, Event, claim_of_events
from ib_grid.news.formats.entry import Entry, check_year, decoded, event, iso_minute, shown

_EXPECTED = "a complete JSON file"


def read_forexfactory_json(raw: bytes, location: str, _timezone: str) -> Calendar:
    """Read a JSON calendar, whose times are UTC."""
    document = _json(decoded(raw, location, _EXPECTED), location)
    if not isinstance(document, dict) or not isinstance(document.get("events"), list):
        raise DataError(
            "missing list of events",
            location=location,
            expected='{"events": [{"title": …, "country": …, "datetime_utc": …, "impact": …}, …]}',
        )
    fields_of = enumerate(document["events"], 1)
    entries = (_entry(fields, f"{location}, event {i}") for i, fields in fields_of)
    events = [event(e, time="datetime_utc", currency="country", timezone="UTC") for e in entries]
    _check_count(document, len(events), location)
    return Calendar(events=tuple(events), claims=_claims(document, events, location))


def _json(text: str, location: str) -> object:
    def members(pairs: list[tuple[str, object]]) -> dict[str, object]:
        fields = dict(pairs)
        if len(fields) < len(pairs):
            name = Counter(name for name, _ in pairs).most_common(1)[0][0]
            raise DataError(
                f"repeated key {name[:80]!r}", location=location, expected="each key only once"
            )
        return fields

    try:
        return json.loads(text, object_pairs_hook=members)
    except json.JSONDecodeError as error:
        raise DataError(
            f"invalid JSON: {error.msg}",
            location=f"{location}, line {error.lineno}, column {error.colno}",
            expected=_EXPECTED,
        ) from error
    except (RecursionError, ValueError) as error:
        raise DataError(
            "invalid JSON: nested too deeply, or a number with too many digits",
            location=location,
            expected="a list of events",
        ) from error


def _entry(fields: object, location: str) -> Entry:
    if not isinstance(fields, dict):
        raise DataError(f"the event is {shown(fields)}", location=location, expected="an object")
    return Entry(location=location, fields=fields)


def _check_count(document: dict[str, object], n_events: int, location: str) -> None:
    count = document.get("event_count", n_events)
    if count != n_events:
        raise DataError(
            f"event_count is {shown(count)} but the file has {n_events} events",
            location=location,
            expected="as many events as event_count",
            hint="download the calendar again",
        )


def _claims(
    document: dict[str, object], events: Sequence[Event], location: str
) -> tuple[Claim, ...]:
    head = Entry(location=location, fields={k: v for k, v in document.items() if k != "events"})
    updated = None
    if document.get("last_updated") is not None:
        minute = iso_minute(head, head.text("last_updated"), "UTC")
        updated = minute // clock.MINUTES_PER_DAY
    if "year" not in document:
        return claim_of_events(events, updated)
    year = document["year"]
    if not isinstance(year, int) or isinstance(year, bool):
        raise head.error(f"invalid year {shown(year)}", expected="a whole number such as 2024")
    check_year(head, year)
    first, last = clock.day_number(dt.date(year, 1, 1)), clock.day_number(dt.date(year, 12, 31))
    return (Claim(first, last, updated),)
