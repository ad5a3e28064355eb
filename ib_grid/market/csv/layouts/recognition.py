"""Dialect of a file of bars, recognised by its first lines."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ib_grid.errors import DataError
from ib_grid.market.csv.errors import BadRowError, NotBarsError
from ib_grid.market.csv.layouts import columns as named
from ib_grid.market.csv.layouts.columns import PriceColumns
from ib_grid.market.csv.layouts.dialects import EXPORTERS, Layout, find_layout
from ib_grid.market.csv.layouts.headerless import (
    day_of_name,
    is_number,
    leading_prices,
    leading_times,
)
from ib_grid.market.csv.layouts.prices import Marks, marks_of
from ib_grid.market.csv.layouts.times import (
    DATES,
    OF_THE_DAY,
    ORDERS,
    TimeForm,
    date_forms,
    forms_of,
    is_clock,
)
from ib_grid.market.csv.layouts.times import EXAMPLES as TIME_EXAMPLES
from ib_grid.market.csv.lines import Line

N_SAMPLE_LINES = 200
_MOST_PREAMBLE = 12
_DELIMITERS = ",;\t| "
_COMMENT = re.compile(r"#|//|sep=|https?://", re.IGNORECASE)
# First fields of lines that yfinance writes between header and data.
_UNDER_HEADER = ("ticker", "date", "datetime")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """The layout of one file.

    Attributes
    ----------
    first_line : int
        Number of the first line of bars.
    header : str
        The names of the columns; empty for a file without a header.
    time_columns : tuple of int
        Index of the time column, or of the columns of date and time of day.
    symbol_column : int or None
    forms : tuple of TimeForm
        Forms that the times can have, the likeliest first; one, unless the first time is ambiguous.
    example : str
        The first time.
    named_clock : str
        Clock in the name of the time column, such as UTC or UTC+2; empty if none.
    end_labels : bool
        True if the name of the time column says that times are the end of bars.
    padded : bool
        True if times have blanks around them.
    """

    layout: Layout
    delimiter: str
    n_columns: int
    first_line: int
    header: str
    time_columns: tuple[int, ...]
    prices: PriceColumns
    symbol_column: int | None
    forms: tuple[TimeForm, ...]
    example: str
    named_clock: str
    end_labels: bool
    marks: Marks
    padded: bool

    @property
    def form(self) -> TimeForm:
        """The likeliest form of the times."""
        return self.forms[0]


def split(line: str, delimiter: str) -> list[str]:
    """Return the fields of a line; the whole line if its quotes are invalid."""
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return [line]


def recognise(lines: Sequence[Line], file_name: str, date_order: str | None) -> Dialect:
    """Return the dialect of a file by its first lines.

    `date_order` is a key of `times.ORDERS`, or None if not given.
    """
    first = next((i for i, line in enumerate(lines) if not _COMMENT.match(line.text)), 0)
    dialect = _without_header(lines[first:], file_name, date_order)
    if dialect is not None:
        return dialect
    found = _find_header(lines[first : first + _MOST_PREAMBLE])
    if found is None:
        raise _no_header(lines[first])
    place, delimiter = first + found[0], found[1]
    body = lines[place + 1 :]
    while body and split(body[0].text.lower(), delimiter)[0].strip() in _UNDER_HEADER:
        body = body[1:]
    return _with_header(lines[place], body, delimiter, file_name, date_order)


def _find_header(lines: Sequence[Line]) -> tuple[int, str] | None:
    """Return the index of the header and its separator, None if no line names all columns."""
    for i, line in enumerate(lines):
        known = {mark: _names(line.text, mark) for mark in _DELIMITERS}
        whole = [
            mark
            for mark, names in known.items()
            if named.find_prices(names)
            and any(named.is_time_name(name) or name in named.UNNAMED for name in names)
        ]
        if whole:
            return i, max(whole, key=lambda mark: named.count_known(known[mark]))
    return None


def _names(header: str, delimiter: str) -> list[str]:
    return named.normalised_names(split(header, delimiter))


def _no_header(line: Line) -> DataError:
    names = max((_names(line.text, mark) for mark in _DELIMITERS), key=named.count_known)
    if named.count_known(names) < 2:
        return NotBarsError(
            "unknown CSV layout",
            location=line.location,
            expected="a header that names time, open, high, low and close, or lines of a time and"
            f" these prices; exports of {EXPORTERS}",
            hint="export the bars in such a layout, and leave out other files",
        )
    missing = named.missing_prices(names)
    missing += [] if any(named.is_time_name(name) for name in names) else ["time"]
    return DataError(
        f"missing column {', '.join(missing)}",
        location=line.location,
        expected="columns time, open, high, low, close (others are ignored)",
    )


def _with_header(
    header: Line,
    body: Sequence[Line],
    delimiter: str,
    file_name: str,
    date_order: str | None,
) -> Dialect:
    names = _names(header.text, delimiter)
    if not body:
        raise DataError(
            "the file has a header but no bars",
            location=header.location,
            expected="one bar per line",
        )
    row = split(body[0].text, delimiter)
    if len(row) == len(names) + 1 and not row[-1].strip():
        names = [*names, ""]  # a separator behind the last field
    if len(row) != len(names):
        raise wrong_field_count(len(row), len(names), body[0])
    prices = named.find_prices(names)
    assert prices is not None  # noqa: S101 - the header was found by them
    _check_repeated(names, [c for chosen in prices.columns for c in chosen], header)
    times = _time_columns(names, row, header)
    time = " ".join(row[column].strip() for column in times)
    layout = find_layout(names, time, len(names), file_name)
    forms = forms_of(time, _dates(layout, date_order))
    if not forms:
        raise BadRowError(
            f"invalid time {time[:60]!r}",
            location=body[0].location,
            expected=TIME_EXAMPLES,
            line=body[0].number,
        )
    return Dialect(
        layout=layout,
        delimiter=delimiter,
        n_columns=len(names),
        first_line=body[0].number,
        header=header.text.strip(),
        time_columns=times,
        prices=prices,
        symbol_column=next((names.index(n) for n in named.SYMBOL_NAMES if n in names), None),
        forms=tuple(forms),
        example=time,
        named_clock=max((named.named_clock(names[column]) for column in times), key=len),
        end_labels=all(named.is_end_name(names[column]) for column in times),
        marks=_marks(body, delimiter, prices, len(names)),
        padded=any(row[column] != row[column].strip() for column in times),
    )


def _dates(layout: Layout, date_order: str | None) -> tuple[str, ...]:
    """Return the forms of dates to be considered."""
    if date_order is not None:
        other = set(ORDERS.values()) - {ORDERS[date_order]}
        return tuple(date for date in DATES if date not in other)
    return layout.dates or tuple(DATES)


def _check_repeated(names: Sequence[str], chosen: Sequence[int], header: Line) -> None:
    repeated = [names[column] for column in chosen if names.count(names[column]) > 1]
    # Studies of a chart follow the bar, and may have the names of its prices.
    together = list(chosen) == list(range(chosen[0], chosen[0] + len(chosen)))
    studies = together and all(names.index(name) >= chosen[0] for name in repeated)
    if repeated and not (studies and len(repeated) > 1):
        raise DataError(
            f"ambiguous columns {', '.join(repeated)}",
            location=header.location,
            expected="time, open, high, low and close once each",
            hint="remove or rename the other columns",
        )


def _time_columns(names: Sequence[str], row: Sequence[str], header: Line) -> tuple[int, ...]:
    """Return the column of times, or those of date and time of day, by names and first values."""
    texts = [text.strip() for text in row]
    named_so = [i for i, name in enumerate(names) if name in named.TIME_NAMES]
    named_so = named_so or [i for i, name in enumerate(names) if named.is_time_name(name)]
    named_so = named_so or [i for i, name in enumerate(names) if name in named.UNNAMED]
    moments = [i for i in named_so if forms_of(texts[i])]
    if moments:
        return (_best_moment(moments, names, texts, header),)
    dates = [i for i in named_so if date_forms(texts[i])]
    clocks = [i for i in named_so if is_clock(texts[i]) and i not in dates[:1]]
    if dates and clocks:
        return dates[0], clocks[0]
    return tuple(named_so[:1])


def _best_moment(
    moments: Sequence[int], names: Sequence[str], texts: Sequence[str], header: Line
) -> int:
    def rank(column: int) -> tuple[bool, bool, bool]:
        form = forms_of(texts[column])[0]
        return not named.says_utc(names[column]), not form.unit, not form.aware

    best = min(map(rank, moments))
    equal = [column for column in moments if rank(column) == best]
    if len({texts[column] for column in equal}) > 1:
        raise DataError(
            f"ambiguous columns {', '.join(names[column] for column in equal)}",
            location=header.location,
            expected="time, open, high, low and close once each",
            hint="remove or rename the other columns",
        )
    return equal[0]


def _without_header(
    lines: Sequence[Line], file_name: str, date_order: str | None
) -> Dialect | None:
    """Return the dialect if the first line is a time and four prices that make a bar."""
    for delimiter in _DELIMITERS:
        row = [text.strip() for text in split(lines[0].text, delimiter)]
        times = leading_times(row, file_name)
        prices = leading_prices(row, times)
        if times and prices:
            break
    else:
        return None
    time = " ".join(row[column] for column in times)
    layout = find_layout((), time, len(row), file_name)
    day = day_of_name(file_name)
    of_day = TimeForm(unit=OF_THE_DAY, day=day) if day is not None else None
    forms = forms_of(time, _dates(layout, date_order)) or ([of_day] if of_day else [])
    return Dialect(
        layout=layout,
        delimiter=delimiter,
        n_columns=len(row),
        first_line=lines[0].number,
        header="",
        time_columns=times,
        prices=prices,
        symbol_column=0 if times[0] and not is_number(row[0]) else None,
        forms=tuple(forms),
        example=time,
        named_clock="",
        end_labels=False,
        marks=_marks(lines, delimiter, prices, len(row)),
        padded=any(
            f" {delimiter}" in line.text or f"{delimiter} " in line.text for line in lines[:1]
        ),
    )


def _marks(lines: Sequence[Line], delimiter: str, prices: PriceColumns, n_columns: int) -> Marks:
    rows = [split(line.text, delimiter) for line in lines]
    wanted = [c for chosen in prices.columns for c in chosen]
    marks = marks_of([row[c] for row in rows if len(row) == n_columns for c in wanted], delimiter)
    if marks is None:
        raise DataError(
            "a comma in a price can mark thousands or decimals",
            location=lines[0].location,
            expected="an unambiguous price, such as 16,710.75 or 16710,75",
            hint="export the bars without a mark between thousands",
        )
    return marks


def wrong_field_count(found: int, expected: int, line: Line) -> BadRowError:
    """Return the error of a line with too few or too many fields."""
    return BadRowError(
        f"the line has {found} field{'s' * (found != 1)}",
        location=line.location,
        expected=f"{expected} fields, as in the first line",
        hint="if the file is cut off here, export it again",
        line=line.number,
    )
