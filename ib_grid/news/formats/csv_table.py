"""Calendars as CSV.

The header names time, currency, impact and title (or datetime_utc and country) in any order, among
other columns, separated by commas, semicolons or tabs. A time has an offset, or a zone name behind
it, or is on the clock of the format. The file covers the dates from its first to its last event.
"""

from __future__ import annotations

import csv
import io

from ib_grid.errors import DataError
from ib_grid.news.calendars import Calendar, claim_of_events
from ib_grid.news.formats.entry import Entry, decoded, event

_EXPECTED = "CSV with a header that names time, currency, impact, title"
# The names of each column; the first one that the header has is taken.
_NAMES_OF = {
    "time": ("time", "datetime_utc"),
    "currency": ("currency", "country"),
    "impact": ("impact",),
    "title": ("title",),
}


def read_csv_table(raw: bytes, location: str, timezone: str) -> Calendar:
    """Read CSV; `timezone` is the clock of times without an offset or a zone name."""
    (_, header), *rows = _rows(decoded(raw, location, _EXPECTED), location)
    column = _columns(header, location)
    entries = (_entry(header, row, f"{location}, line {line}") for line, row in rows)
    events = [
        event(e, time=column["time"], currency=column["currency"], timezone=timezone)
        for e in entries
    ]
    return Calendar(events=tuple(events), claims=claim_of_events(events))


def _rows(text: str, location: str) -> list[tuple[int, list[str]]]:
    """Return the rows that are not blank, with the number of their (last) line."""
    header = text.lstrip().split("\n", 1)[0]
    delimiter = max(",;\t", key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader if any(field.strip() for field in row)]
    except csv.Error as error:
        raise DataError(
            f"invalid CSV: {error}",
            location=f"{location}, line {reader.line_num}",
            expected=_EXPECTED,
        ) from error
    if not rows:
        raise DataError("every field of the file is empty", location=location, expected=_EXPECTED)
    return [(rows[0][0], [name.strip().casefold() for name in rows[0][1]]), *rows[1:]]


def _columns(header: list[str], location: str) -> dict[str, str]:
    """Return the header's name of each column."""
    column = {
        field: next((name for name in names if name in header), None)
        for field, names in _NAMES_OF.items()
    }
    missing = [field for field, name in column.items() if name is None]
    repeated = [name for name in column.values() if name is not None and header.count(name) > 1]
    problems = [f"missing column {', '.join(missing)}"] if missing else []
    problems += [f"repeated column {', '.join(repeated)}"] if repeated else []
    if problems:
        raise DataError(
            f"{'; '.join(problems)} in the header {','.join(header)[:200]!r}",
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
