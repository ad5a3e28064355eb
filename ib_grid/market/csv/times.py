"""Times as exporters write them: the layout of a column, and its values as seconds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ib_grid.errors import DataError, InputError
from ib_grid.market import clock
from ib_grid.market.bar_checks import LAST_YEAR

_CLOCK = r"(?P<hour>\d\d):?(?P<minute>\d\d)(?::?(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?)?"
_OFFSET = (
    r"(?P<offset> ?(?:Z|UTC|GMT)| ?(?:GMT|UTC)?[+-](?P<ahead_h>\d\d)(?::?(?P<ahead_m>\d\d))?)?"
)
_FORMS = tuple(
    re.compile(date + _CLOCK + _OFFSET, re.ASCII)
    for date in (
        r"(?P<year>\d{4})(?P<mark>[-./]?)(?P<month>\d\d)(?P=mark)(?P<day>\d\d)[ T]",
        r"(?P<day>\d\d)\.(?P<month>\d\d)\.(?P<year>\d{4}) ",
    )
)
_UNIX_SECONDS = re.compile("[0-9]{9,10}")
_DIGITS = ["year", "month", "day", "hour", "minute", "second", "fraction", "ahead_h", "ahead_m"]
FIRST_YEAR = 1971  # by any clock, so that no moment lies before 1970
_MOST_HOURS_AHEAD = 14  # of any clock on Earth
EXAMPLES = (
    "a time such as 2016-01-04T08:00:00+01:00, 2016-01-04T07:00:00Z, 2016-01-04 08:00 or"
    " 1451894400 (Unix seconds)"
)


@dataclass(frozen=True, slots=True)
class TimeLayout:
    """The layout of a column of times, which is that of its first row.

    Attributes
    ----------
    example : str
        The first row.
    fields : dict of str to (first, end)
        Positions of the digits of each field; empty for Unix seconds.
    aware : bool
        True if the times are moments: with an offset, UTC, or Unix seconds.
    """

    example: str
    fields: dict[str, tuple[int, int]]
    aware: bool

    @property
    def unix(self) -> bool:
        """True for Unix seconds."""
        return not self.fields


def layout_of(text: str) -> TimeLayout | None:
    """Return the layout of a time, None if it is unknown."""
    if _UNIX_SECONDS.fullmatch(text):
        return TimeLayout(text, {}, aware=True)
    for form in _FORMS:
        if match := form.fullmatch(text):
            fields = {name: match.span(name) for name in _DIGITS if match[name] is not None}
            return TimeLayout(text, fields, aware=match["offset"] is not None)
    return None


def parse_times(
    column: pa.Array, layout: TimeLayout
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return seconds since 1970-01-01 00:00 in UTC or local time, and which rows are valid.

    Valid rows have the layout and a time within the supported years. A row with a fraction of a
    second is not a whole minute.
    """
    if layout.unix:
        return _unix_seconds(column)
    text, valid = _text_matrix(column, len(layout.example))
    valid &= _same_layout(text, layout)
    part = {name: _number(text, span) for name, span in layout.fields.items()}
    days, day_exists = _days(part["year"], part["month"], part["day"])
    second = part.get("second", np.zeros(len(text), np.int64))
    valid &= day_exists & (part["year"] >= FIRST_YEAR) & (part["year"] <= LAST_YEAR)
    valid &= (part["hour"] < 24) & (part["minute"] < 60) & (second < 60)
    if "fraction" in part:
        second = np.where(part["fraction"] > 0, 1, second)
    seconds = days * 86_400 + part["hour"] * 3600 + part["minute"] * 60 + second
    if "ahead_h" in part:
        valid &= (part["ahead_h"] <= _MOST_HOURS_AHEAD) & (part.get("ahead_m", np.int64(0)) < 60)
        seconds -= _seconds_ahead(text, layout, part)
    return seconds, valid


def wrong_time(text: str, layout: TimeLayout, location: str) -> DataError:
    """Return the error of a time that `parse_times` finds invalid."""
    own = layout_of(text)
    if own is None or (own.fields, own.aware) != (layout.fields, layout.aware):
        return DataError(
            f"invalid time {text[:60]!r}",
            location=location,
            expected=f"a time written like the first one, {layout.example!r}",
        )
    return DataError(
        f"invalid time {text!r}",
        location=location,
        expected=f"a date and time of the years {FIRST_YEAR} to {LAST_YEAR}",
    )


def _unix_seconds(column: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    digits = pc.match_substring_regex(column, f"^({_UNIX_SECONDS.pattern})$")
    numbers = pc.if_else(digits, column, b"0").cast(pa.string()).cast(pa.int64())
    seconds = numbers.to_numpy()
    first, end = (int(np.datetime64(f"{y}", "s").astype(int)) for y in (FIRST_YEAR, LAST_YEAR + 1))
    of_the_years = (seconds >= first) & (seconds < end)
    return seconds, digits.to_numpy(zero_copy_only=False) & of_the_years


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


def _is_digit(text: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return (text - np.uint8(ord("0"))) < 10  # unsigned: values below 0 wrap around


def _same_layout(text: NDArray[np.uint8], layout: TimeLayout) -> NDArray[np.bool_]:
    """Return whether each row has the digits, signs and other characters of the example."""
    example = np.frombuffer(layout.example.encode(), np.uint8)
    digits = np.zeros(len(example), bool)
    for first, end in layout.fields.values():
        digits[first:end] = True
    same = (text == example) | (digits & _is_digit(text))
    sign = _sign_position(layout)
    if sign is not None:
        same[:, sign] = (text[:, sign] == ord("+")) | (text[:, sign] == ord("-"))
    return np.asarray(same.all(axis=1))


def _sign_position(layout: TimeLayout) -> int | None:
    return layout.fields["ahead_h"][0] - 1 if "ahead_h" in layout.fields else None


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


def _seconds_ahead(
    text: NDArray[np.uint8], layout: TimeLayout, part: dict[str, NDArray[np.int64]]
) -> NDArray[np.int64]:
    seconds = part["ahead_h"] * 3600 + part.get("ahead_m", np.int64(0)) * 60
    return np.where(text[:, _sign_position(layout)] == ord("-"), -seconds, seconds)


@dataclass(frozen=True, slots=True)
class LocalClock:
    """Clock of times without an offset: a zone, and the minutes by which the clock is ahead."""

    name: str
    timezone: str
    ahead_minutes: int

    def to_utc(self, local: clock.Minutes) -> tuple[clock.Minutes, NDArray[np.int64]]:
        """Return UTC minutes and their number for each local one, as `clock.local_to_utc`."""
        return clock.local_to_utc(local - self.ahead_minutes, self.timezone)


def local_clock(name: str) -> LocalClock:
    """Return the clock of an IANA zone, or of a zone plus or minus whole hours.

    ``America/New_York+7`` is the server time of most MetaTrader brokers: two or three hours ahead
    of UTC, with the clock changes of New York. No IANA zone has both.
    """
    for zone, hours in _readings(name):
        try:
            clock.zone(zone)
        except InputError:
            continue
        return LocalClock(name, zone, hours * 60)
    raise DataError(
        f"unknown time zone {name!r}",
        location="the time zone of the bars",
        expected="an IANA name such as Europe/Berlin, America/New_York or UTC, plus"
        " whole hours if the clock runs ahead of the zone (America/New_York+7)",
    )


def _readings(name: str) -> Iterator[tuple[str, int]]:
    yield name, 0  # Etc/GMT+5 is a zone of its own
    if match := re.fullmatch(r"(.+)([+-]\d\d?)", name, re.ASCII):
        yield match[1], int(match[2])
