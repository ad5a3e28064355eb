"""Dialect of a CSV file, recognised by its first lines."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass

from ib_grid.errors import DataError
from ib_grid.market.bar_checks import PRICES
from ib_grid.market.csv.dialects import EXAMPLES, LAYOUTS, Layout, matches
from ib_grid.market.csv.times import EXAMPLES as TIME_EXAMPLES
from ib_grid.market.csv.times import TimeLayout, layout_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """The layout of one file.

    Attributes
    ----------
    time_columns : tuple of int
        Index of the time column, or of the columns of date and time of day.
    price_columns : tuple of int
        Indices of open, high, low and close.
    naive : bool
        True if the times need a time zone to be moments.
    """

    name: str
    delimiter: str
    n_columns: int
    has_header: bool
    time_columns: tuple[int, ...]
    price_columns: tuple[int, ...]
    layout: TimeLayout
    naive: bool


def split(line: str, delimiter: str) -> list[str]:
    """Return the fields of a line; the whole line if its quotes are invalid."""
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return [line]


def recognise(first: str, second: str, first_at: str, second_at: str) -> Dialect:
    """Return the dialect of a file by its first two lines that are not empty, at these locations.

    `second` is empty if there is only one line.
    """
    for layout in LAYOUTS:
        if layout.columns:
            row = split(first, layout.delimiter)
            if len(row) == len(layout.columns) and matches(layout.value, row[0]):
                return _dialect(list(layout.columns), layout.delimiter, row, first_at, layout)
    delimiter = max(",;\t", key=lambda mark: len(_known_names(_names(first, mark))))
    names = _names(first, delimiter)
    _check_names(names, first_at)
    if not second:
        raise DataError(
            "the file has a header but no bars", location=first_at, expected="one bar per line"
        )
    row = split(second, delimiter)
    if len(row) != len(names):
        raise wrong_field_count(len(row), len(names), second_at)
    return _dialect(names, delimiter, row, second_at)


def _dialect(
    names: list[str], delimiter: str, row: list[str], row_at: str, layout: Layout | None = None
) -> Dialect:
    columns = _time_columns(names)
    time_name, time = names[columns[0]], " ".join(row[column] for column in columns)
    time_layout = layout_of(time)
    if time_layout is None:
        raise DataError(f"invalid time {time[:60]!r}", location=row_at, expected=TIME_EXAMPLES)
    fitting = layout or next(
        known
        for known in LAYOUTS
        if not known.columns and matches(known.time, time_name) and matches(known.value, time)
    )
    return Dialect(
        name=fitting.name,
        delimiter=delimiter,
        n_columns=len(names),
        has_header=layout is None,
        time_columns=columns,
        price_columns=tuple(_bare_names(names).index(price) for price in PRICES),
        layout=time_layout,
        naive=not time_layout.aware and not matches(fitting.utc, time_name),
    )


def _names(header: str, delimiter: str) -> list[str]:
    return [" ".join(name.split()).lower() for name in split(header, delimiter)]


def _bare_names(names: Sequence[str]) -> list[str]:
    return [name.strip("<>") for name in names]


def _is_time(name: str) -> bool:
    return any(matches(layout.time, name) for layout in LAYOUTS)


def _known_names(names: Sequence[str]) -> list[str]:
    bare = _bare_names(names)
    return [b for b, name in zip(bare, names, strict=True) if b in PRICES or _is_time(name)]


def _time_columns(names: list[str]) -> tuple[int, ...]:
    bare = _bare_names(names)
    if "date" in bare and "time" in bare:
        return bare.index("date"), bare.index("time")
    return tuple(column for column, name in enumerate(names) if _is_time(name))


def _check_names(names: list[str], location: str) -> None:
    known = _known_names(names)
    if len(known) < 2:
        raise DataError(
            "unknown CSV layout",
            location=location,
            expected=EXAMPLES,
            hint="export the bars in one of these layouts, and leave out other files",
        )
    missing = [name for name in PRICES if name not in known]
    missing += [] if _time_columns(names) else ["time"]
    if missing:
        raise DataError(
            f"missing column {', '.join(missing)}",
            location=location,
            expected="columns time, open, high, low, close (others are ignored)",
        )
    times = [name for name in known if name not in PRICES]
    ambiguous = [name for name in PRICES if known.count(name) > 1]
    if len(times) > 1 and sorted(times) != ["date", "time"]:
        ambiguous += times
    if ambiguous:
        raise DataError(
            f"ambiguous columns {', '.join(ambiguous)}",
            location=location,
            expected="time, open, high, low and close once each",
            hint="remove or rename the other columns",
        )


def wrong_field_count(found: int, expected: int, location: str) -> DataError:
    """Return the error of a line with too few or too many fields."""
    return DataError(
        f"the line has {found} field{'s' * (found != 1)}",
        location=location,
        expected=f"{expected} fields, as in the first line",
        hint="if the file is cut off here, export it again",
    )
