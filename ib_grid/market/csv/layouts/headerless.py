"""Columns of a file without a header: a time, then four prices that make a bar."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from ib_grid.market.csv.layouts.columns import PriceColumns
from ib_grid.market.csv.layouts.prices import Marks, marks_of
from ib_grid.market.csv.layouts.times import OF_THE_DAY_FORM, date_forms, forms_of, is_clock

_DATE_IN_NAME = re.compile(r"(\d{4})(\d{2})(\d{2})_")


def leading_times(row: Sequence[str], file_name: str) -> tuple[int, ...]:
    """Return the columns of time of a line, which at most two other fields come before."""
    for i, text in enumerate(row[:3]):
        if forms_of(text):
            return (i,)
        if date_forms(text) and i + 1 < len(row) and is_clock(row[i + 1]):
            return i, i + 1
    of_day = row and re.fullmatch(OF_THE_DAY_FORM, row[0], re.ASCII) is not None
    return (0,) if of_day and day_of_name(file_name) is not None else ()


def day_of_name(file_name: str) -> int | None:
    """Return the date at the beginning of a file's name, days since 1970-01-01."""
    match = _DATE_IN_NAME.match(file_name)
    try:
        return int(np.datetime64("-".join(match.groups()), "D").astype(np.int64)) if match else None
    except ValueError:
        return None


def leading_prices(row: Sequence[str], times: Sequence[int]) -> PriceColumns | None:
    """Return the four columns behind the time if they make a bar; also those of the ask."""
    if not times:
        return None
    first = times[-1] + 1
    bid = tuple(range(first, first + 4))
    if not _makes_bar(row, bid):
        return None
    ask = tuple(range(first + 5, first + 9))
    if len(row) == first + 10 and _makes_bar(row, ask):
        return PriceColumns(columns=(bid, ask), side="mid of bid and ask")
    return PriceColumns(columns=(bid,))


def _makes_bar(row: Sequence[str], columns: Sequence[int]) -> bool:
    if len(row) <= columns[-1]:
        return False
    marks = marks_of([row[c] for c in columns], "") or Marks()
    texts = [marks.plain(row[c]) for c in columns]
    if not all(map(is_number, texts)):
        return False
    open_, high, low, close = map(float, texts)
    return 0 < low <= min(open_, close) <= max(open_, close) <= high


def is_number(text: str) -> bool:
    """Return whether a text is a number with a decimal point."""
    return re.fullmatch(r"[+-]?\d*\.?\d+(?:[eE][+-]?\d+)?|\d+\.", text, re.ASCII) is not None
