"""CSV dialects, told apart by what the first lines hold."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ib_grid.errors import DataError
from ib_grid.market.bar_checks import PRICES
from ib_grid.market.csv.times import EXAMPLES, TimeLayout, layout_of

KNOWN = (
    "a TradingView export (time,open,high,low,close), a MetaTrader 5 export (<DATE> <TIME> <OPEN>"
    " ...), HistData ASCII (20160103 180100;1066.3;...), a Dukascopy CSV (Gmt time,Open,High,...)"
    " or plain CSV with the header time,open,high,low,close"
)
_TIME_NAMES = {"time", "datetime", "date time", "timestamp", "date", "gmt time", "local time"}
_TIME_IN = re.compile(r"time \((.*)\)")
_UTC_NAMES = {"gmt time", "time (utc)", "time (gmt)"}
_HISTDATA = re.compile(r"\d{8} \d{6}(;[^;]*){5}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a file is to be read.

    Attributes
    ----------
    name : str
    delimiter : str
    n_columns : int
    has_header : bool
    time_columns : tuple of int
        The column of the times, or those of date and time of day.
    price_columns : tuple of int
        The columns of open, high, low and close.
    layout : TimeLayout
    naive : bool
        Whether a time names a moment only together with a zone.
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
    """The fields of a line; one field where quotes make no sense."""
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return [line]


def recognise(first: str, second: str, first_at: str, second_at: str) -> Dialect:
    """The dialect of a file by its first two lines that are not empty.

    Parameters
    ----------
    first, second : str
        The lines; `second` is empty if there is none.
    first_at, second_at : str
        Where they stand, for messages.

    Raises
    ------
    DataError
        If no dialect fits, a column is missing or named twice, or there is a header and no row.
    """
    if _HISTDATA.fullmatch(first):
        return Dialect(
            name="HistData",
            delimiter=";",
            n_columns=6,
            has_header=False,
            time_columns=(0,),
            price_columns=(1, 2, 3, 4),
            layout=_layout(first.split(";")[0], first_at),
            naive=True,
        )
    delimiter = max(",;\t", key=lambda mark: len(_known_names(_names(first, mark))))
    names = _names(first, delimiter)
    _check_names(names, first_at)
    if not second:
        raise DataError(
            "the file has a header and no bars", location=first_at, expected="a bar a line"
        )
    return _with_header(names, delimiter, split(second, delimiter), second_at)


def _with_header(names: list[str], delimiter: str, row: list[str], row_at: str) -> Dialect:
    columns = _time_columns(names)
    if len(row) != len(names):
        raise wrong_field_count(len(row), len(names), row_at)
    layout = _layout(" ".join(row[column] for column in columns), row_at)
    time_name = names[columns[0]]
    return Dialect(
        name=_dialect_name(names, time_name, layout),
        delimiter=delimiter,
        n_columns=len(names),
        has_header=True,
        time_columns=columns,
        price_columns=tuple(_index(names, price) for price in PRICES),
        layout=layout,
        naive=not layout.aware and time_name not in _UTC_NAMES,
    )


def _names(header: str, delimiter: str) -> list[str]:
    return [" ".join(name.split()).lower() for name in split(header, delimiter)]


def _bare(name: str) -> str:
    return name.strip("<>")


def _index(names: list[str], wanted: str) -> int:
    return [_bare(name) for name in names].index(wanted)


def _is_time(name: str) -> bool:
    return _bare(name) in _TIME_NAMES or _TIME_IN.fullmatch(name) is not None


def _known_names(names: Sequence[str]) -> list[str]:
    return [name for name in names if _is_time(name) or _bare(name) in PRICES]


def _time_columns(names: list[str]) -> tuple[int, ...]:
    bare = [_bare(name) for name in names]
    if "date" in bare and "time" in bare:
        return bare.index("date"), bare.index("time")
    return tuple(place for place, name in enumerate(names) if _is_time(name))


def _check_names(names: list[str], location: str) -> None:
    known = [_bare(name) for name in _known_names(names)]
    if len(known) < 2:
        raise DataError(
            "the first line belongs to no known kind of file",
            location=location,
            expected=KNOWN,
            hint="export the bars in one of these forms, or give only the files that are",
        )
    missing = [name for name in PRICES if name not in known]
    missing += [] if _time_columns(names) else ["time"]
    if missing:
        raise DataError(
            f"no column {', '.join(missing)}",
            location=location,
            expected="columns time, open, high, low, close (others are passed over)",
        )
    times = [name for name in known if name not in PRICES]
    several = [name for name in PRICES if known.count(name) > 1]
    if len(times) > 1 and sorted(times) != ["date", "time"]:
        several += times
    if several:
        raise DataError(
            f"the columns {', '.join(several)} leave open which one is meant",
            location=location,
            expected="time, open, high, low and close once each",
            hint="remove or rename the columns that are not meant",
        )


def _layout(text: str, location: str) -> TimeLayout:
    layout = layout_of(text)
    if layout is None:
        raise DataError(
            f"{text[:60]!r} is not a date with a time of day", location=location, expected=EXAMPLES
        )
    return layout


def _dialect_name(names: list[str], time_name: str, layout: TimeLayout) -> str:
    if names[0].startswith("<"):
        return "MetaTrader 5"
    if time_name in ("gmt time", "local time") or _TIME_IN.fullmatch(time_name):
        return "Dukascopy"
    if time_name == "time" and layout.aware and (layout.unix or "T" in layout.example):
        return "TradingView"
    return "plain"


def wrong_field_count(found: int, expected: int, location: str) -> DataError:
    """The error of a line with too few or too many fields."""
    return DataError(
        f"the line has {found} field{'s' * (found != 1)}",
        location=location,
        expected=f"{expected} fields, as in the first line",
        hint="if the file was cut off there, export it again",
    )
