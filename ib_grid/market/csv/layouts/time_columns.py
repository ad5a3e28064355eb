"""A column of times as seconds.

pyarrow and pandas parse columns that have one format and one offset. Exports have rows with their
own offsets (``Z``, then ``+01:00``), with and without leading zeros, and a wrong row must be named.
So rows of the same layout are parsed together here, by the positions of their digits.
"""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ib_grid.errors import InputError
from ib_grid.market import clock
from ib_grid.market.bar_checks import LAST_YEAR
from ib_grid.market.csv.layouts.times import (
    OF_THE_DAY,
    OF_THE_DAY_FORM,
    UNIT_FORMS,
    UNITS,
    TextLayout,
    TimeForm,
    full_year,
    layout_of,
)

FIRST_YEAR = 1971  # by any clock, so that no moment lies before 1970
_MOST_HOURS_AHEAD = 14  # of any clock on Earth
_MOST_INVALID = 20  # rows without a layout: a column with more is not a column of times


def parse_times(column: pa.Array, form: TimeForm) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return seconds since 1970-01-01 00:00 in UTC or local time, and which rows are valid.

    Valid rows have the form and a time within the supported years; they are in UTC if the form is
    aware. A row with a fraction of a second is not a whole minute.
    """
    if form.unit:
        return _numbers(column, form)
    n_rows = len(column)
    seconds, valid, waiting = np.zeros(n_rows, np.int64), np.zeros(n_rows, bool), np.arange(n_rows)
    n_invalid = 0
    while len(waiting) and n_invalid < _MOST_INVALID:
        layout = layout_of(column[int(waiting[0])].as_py().decode("utf-8", "replace"), form)
        if layout is None or layout.aware != form.aware:
            n_invalid, waiting = n_invalid + 1, waiting[1:]
            continue
        rows = column if len(waiting) == n_rows else column.take(pa.array(waiting))
        same, found, exists = _parse_layout(rows, layout)
        seconds[waiting[same]], valid[waiting[same]] = found, exists
        waiting = waiting[~same]
    return seconds, valid


def expected_time(text: str, form: TimeForm, example: str) -> str:
    """Return what was expected of a time that `parse_times` finds invalid, for a message.

    `example` is the first time of the file.
    """
    if form.unit:
        looks_right = re.fullmatch(UNIT_FORMS.get(form.unit, OF_THE_DAY_FORM), text) is not None
    else:
        layout = layout_of(text, form)
        looks_right = layout is not None and layout.aware == form.aware
    if looks_right:
        return f"a date and time of the years {FIRST_YEAR} to {LAST_YEAR}"
    return f"a time written like the first one, {example!r}"


def _parse_layout(
    column: pa.Array, layout: TextLayout
) -> tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.bool_]]:
    """Return which rows have a layout, and of those the seconds and whether the time exists."""
    text, as_wide = _text_matrix(column, len(layout.text))
    same = as_wide & _same_layout(text, layout)
    text = text if same.all() else text[same]
    part = {name: _number(text, span) for name, span in layout.digits.items()}
    zero = np.zeros(len(text), np.int64)
    year, hour, minute = part["year"], part.get("hour", zero), part.get("minute", zero)
    if layout.digits["year"][1] - layout.digits["year"][0] == 2:
        year = np.where(year >= 70, full_year(70) - 70 + year, full_year(0) + year)
    days, exists = _days(year, part.get("month", zero + layout.month), part["day"])
    exists &= (year >= FIRST_YEAR) & (year <= LAST_YEAR) & (hour < 24) & (minute < 60)
    if layout.half:
        exists &= (hour >= 1) & (hour <= 12)
        hour = hour % 12 + (12 if layout.half == "p" else 0)
    second = part.get("second", zero)
    exists &= second < 60
    second = np.where(part.get("fraction", zero) > 0, 1, second)
    seconds = days * 86_400 + hour * 3600 + minute * 60 + second
    return same, *_to_utc(seconds, exists, layout, part)


def _to_utc(
    seconds: NDArray[np.int64],
    exists: NDArray[np.bool_],
    layout: TextLayout,
    part: dict[str, NDArray[np.int64]],
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return seconds in UTC of aware times; others as they are."""
    if "ahead_h" in part:
        hours, minutes = part["ahead_h"], part.get("ahead_m", np.zeros(len(seconds), np.int64))
        exists &= (hours <= _MOST_HOURS_AHEAD) & (minutes < 60)
        return seconds - layout.sign * (hours * 3600 + minutes * 60), exists
    if layout.zone:
        try:
            utc, n_minutes = clock.local_to_utc(seconds // 60, layout.zone)
        except InputError:  # no such zone
            return seconds, np.zeros(len(seconds), bool)
        return utc * 60 + seconds % 60, exists & (n_minutes == 1)
    return seconds - layout.ahead_minutes * 60, exists


def _numbers(column: pa.Array, form: TimeForm) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the seconds of whole numbers: of Unix times, or of the milliseconds of a day."""
    of_day = form.unit == OF_THE_DAY
    pattern = OF_THE_DAY_FORM if of_day else UNIT_FORMS[form.unit]
    digits = pc.match_substring_regex(column, f"^(?:{pattern})$")
    whole = pc.if_else(digits, column, b"0").cast(pa.string())
    if pc.any(pc.match_substring(whole, ".")).as_py():
        whole = pc.replace_substring_regex(whole, r"\.0+$", "")
    seconds, rest = np.divmod(
        whole.cast(pa.int64()).to_numpy(), 1_000 if of_day else UNITS[form.unit][1]
    )
    seconds = np.where((rest != 0) & (seconds % 60 == 0), seconds + 1, seconds)
    valid = digits.to_numpy(zero_copy_only=False)
    if of_day:
        return seconds + form.day * 86_400, valid & (seconds < 86_400)
    first, end = (int(np.datetime64(f"{y}", "s").astype(int)) for y in (FIRST_YEAR, LAST_YEAR + 1))
    return seconds, valid & (seconds >= first) & (seconds < end)


def _text_matrix(column: pa.Array, width: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return the characters of each row, shape (n, width), and whether the row has that width."""
    _, ends, data = column.buffers()
    bounds = np.frombuffer(ends, np.int32)[column.offset : column.offset + len(column) + 1]
    as_wide = np.diff(bounds) == width
    characters = np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)
    if as_wide.all():
        return characters[bounds[0] : bounds[-1]].reshape(-1, width), as_wide
    text = np.zeros((len(column), width), np.uint8)
    text[as_wide] = characters[bounds[:-1][as_wide, None] + np.arange(width)]
    return text, as_wide


def _same_layout(text: NDArray[np.uint8], layout: TextLayout) -> NDArray[np.bool_]:
    """Return whether each row has the digits and the other characters of a layout."""
    example = np.frombuffer(layout.text.encode(), np.uint8)
    digits = np.zeros(len(example), bool)
    for first, end in layout.digits.values():
        digits[first:end] = True
    is_digit = (text - np.uint8(ord("0"))) < 10  # unsigned: values below 0 wrap around
    return np.asarray(((text == example) | (digits & is_digit)).all(axis=1))


def _number(text: NDArray[np.uint8], span: tuple[int, int]) -> NDArray[np.int64]:
    value = np.zeros(len(text), np.int64)
    for place in range(*span):
        value = value * 10 + (text[:, place].astype(np.int64) - ord("0"))
    return value


def _days(
    year: NDArray[np.int64], month: NDArray[np.int64], day: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return days since 1970-01-01, and whether the date exists."""
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (day - 1)
    exists = (month >= 1) & (month <= 12) & (day >= 1) & (days.astype("datetime64[M]") == months)
    return days.astype(np.int64), exists
