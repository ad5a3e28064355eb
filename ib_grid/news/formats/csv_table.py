"""Calendars as CSV.

The header names the fields (`fields.LABEL_NAMES`) in any order, among other columns, separated by
commas, semicolons or tabs. ForexFactory's weekly feed has dates MM-DD-YYYY and times in UTC.
"""

from __future__ import annotations

import csv
import io
import re

from ib_grid.errors import DataError
from ib_grid.market.csv.layouts.columns import normalised_names
from ib_grid.news.formats.entry import Entry, decoded
from ib_grid.news.formats.fields import LABEL_NAMES, MOMENT_NAMES, RawCalendar

_DATE = re.compile(r"\d\d-\d\d-\d{4}")
_EXPECTED = "CSV with a header that names time, currency, impact, title"
# The columns of ForexFactory's weekly feed; others may follow.
_FEED = ["title", "country", "date", "time", "impact", "forecast", "previous"]


def read_csv_table(raw: bytes, location: str) -> RawCalendar:
    """Read CSV."""
    (_, header), *rows = _rows(decoded(raw, location, _EXPECTED), location)
    _check_header(header, location)
    entries = [_entry(header, row, f"{location}, line {line}") for line, row in rows]
    feed = header[: len(_FEED)] == _FEED and all(_DATE.fullmatch(e.text("date")) for e in entries)
    return RawCalendar(
        location=location,
        entries=entries,
        timezone="UTC" if feed else None,
        date="month first" if feed else None,
        weekly=feed,
    )


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


def _check_header(header: list[str], location: str) -> None:
    """Refuse a header without the known names, or with one of them twice."""
    names = normalised_names(header)
    known = [name for names in LABEL_NAMES.values() for name in names]
    repeated = dict.fromkeys(n for n in names if n in known and names.count(n) > 1)
    missing = [f for f, own in LABEL_NAMES.items() if not set(own) & set(names)]
    missing = ([] if set(MOMENT_NAMES) & set(names) else ["time"]) + missing
    problems = [f"missing column {', '.join(missing)}"] if missing else []
    problems += [f"repeated column {', '.join(repeated)}"] if repeated else []
    if problems:
        raise DataError(
            f"{'; '.join(problems)} in the header {','.join(header)[:200]!r}",
            location=location,
            expected=_EXPECTED,
        )


def _entry(header: list[str], row: list[str], location: str) -> Entry:
    if len(row) != len(header):
        raise DataError(
            f"the row has {len(row)} fields: {str(row)[:200]}",
            location=location,
            expected=f"{len(header)} fields, as in the header",
        )
    return Entry(location=location, fields=dict(zip(header, row, strict=True)))
