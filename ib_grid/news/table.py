"""Calendars as CSV.

The header names time, currency, impact and title (datetime_utc and country are known names, too)
in any order, among other columns if there are, between commas, semicolons or tabs. A time has an
offset, or the name of a zone behind it, or is UTC. The file claims the dates from its first to its
last event.
"""

from __future__ import annotations

import csv
import io

from ib_grid.errors import DataError
from ib_grid.news.calendars import Calendar, claim_of_events
from ib_grid.news.entries import Entry, event

_EXPECTED = "CSV with a header that has time, currency, impact, title"
_NAMES_OF = {
    "time": ("time", "datetime_utc"),
    "currency": ("currency", "country"),
    "impact": ("impact",),
    "title": ("title",),
}


def read_table(text: str, location: str, timezone: str = "UTC") -> Calendar:
    """The calendar of a CSV text; `timezone` is the clock of times that name none.

    Raises
    ------
    DataError
        If it is not CSV with the four columns, or one of its rows is wrong.
    """
    (_, header), *rows = _rows(text, location)
    column = _columns(header, location)
    entries = (_entry(header, row, f"{location}, line {line}") for line, row in rows)
    events = [
        event(e, time=column["time"], currency=column["currency"], timezone=timezone)
        for e in entries
    ]
    return Calendar(events=tuple(events), claims=claim_of_events(events))


def _rows(text: str, location: str) -> list[tuple[int, list[str]]]:
    """The rows that are not blank, with the number of their (last) line; names in lower case."""
    header = text.lstrip().split("\n", 1)[0]
    delimiter = max(",;\t", key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader if any(field.strip() for field in row)]
    except csv.Error as error:
        raise DataError(
            f"not readable as CSV: {error}",
            location=f"{location}, line {reader.line_num}",
            expected=_EXPECTED,
        ) from error
    if not rows:
        raise DataError("the file holds empty fields only", location=location, expected=_EXPECTED)
    return [(rows[0][0], [name.strip().casefold() for name in rows[0][1]]), *rows[1:]]


def _columns(header: list[str], location: str) -> dict[str, str]:
    """The column of each field: the first of its names that the header has."""
    column = {
        field: next((name for name in names if name in header), None)
        for field, names in _NAMES_OF.items()
    }
    missing = [field for field, name in column.items() if name is None]
    twice = [name for name in column.values() if name is not None and header.count(name) > 1]
    said = [f"no column {', '.join(missing)}"] if missing else []
    said += [f"more than one column {', '.join(twice)}"] if twice else []
    if said:
        raise DataError(
            f"{'; '.join(said)} in the header {','.join(header)[:200]!r}",
            location=location,
            expected=_EXPECTED,
        )
    return {field: name for field, name in column.items() if name is not None}


def _entry(header: list[str], row: list[str], location: str) -> Entry:
    if len(row) != len(header):
        raise DataError(
            f"the row has {len(row)} fields: {str(row)[:200]}",
            location=location,
            expected=f"{len(header)} fields, as in the header",
        )
    return Entry(location=location, fields=dict(zip(header, row, strict=True)))
