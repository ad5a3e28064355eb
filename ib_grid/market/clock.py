"""Conversion between local times and UTC; the only module that handles zones and clock changes.

A moment is an int64 count of minutes since 1970-01-01 00:00 UTC; a date is an int64 count of days
since 1970-01-01.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytz
from numpy.typing import NDArray

from ib_grid.errors import InputError
from ib_grid.errors.validation import shown

Minutes = NDArray[np.int64]
Days = NDArray[np.int64]

MINUTES_PER_DAY = 1440
EPOCH = dt.date(1970, 1, 1)
_MOST_AHEAD_MINUTES = 14 * 60  # no clock on earth is further from UTC
_CLOCK_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


def parse_clock_time(text: str) -> int:
    """Return the minutes after midnight of an ``HH:MM`` text."""
    match = _CLOCK_TIME.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise InputError(
            f"{shown(text)} is not a time of day", expected="HH:MM from 00:00 to 23:59"
        )
    return int(match[1]) * 60 + int(match[2])


def zone(name: str) -> pytz.BaseTzInfo:
    """Return the time zone of an IANA name such as ``Europe/Berlin``."""
    try:
        return pytz.timezone(name)
    except (pytz.UnknownTimeZoneError, AttributeError) as error:
        raise InputError(
            f"unknown time zone {shown(name)}",
            expected="an IANA name such as Europe/Berlin, America/New_York or UTC",
        ) from error


def local_to_utc_minutes(dates: Days, clock_time: str, timezone: str) -> Minutes:
    """Return the UTC minutes of a clock time ``HH:MM`` on each local date, shape (n_dates,).

    A clock time that the spring change leaves out is moved on by the change; one that the autumn
    change gives twice is taken as the second.
    """
    local = dates * MINUTES_PER_DAY + parse_clock_time(clock_time)
    before, after = _readings(local, timezone)
    # The offset before a change moves on what the change leaves out.
    return np.where(_shows(after, local, timezone), after, before)


def day_number(date: dt.date) -> int:
    """Return the days from 1970-01-01 to a date."""
    return (date - EPOCH).days


def weekday(dates: Days) -> NDArray[np.int64]:
    """Return the weekday of each date, Monday 0."""
    return (dates + 3) % 7  # 1970-01-01 was a Thursday


def date_of(day: int) -> dt.date:
    """Return the date of a number of days since 1970-01-01."""
    return EPOCH + dt.timedelta(days=int(day))


def local_dates(minutes: Minutes, timezone: str) -> Days:
    """Return the local date of each UTC minute, shape (n,)."""
    return (minutes + utc_offset_minutes(minutes, timezone)) // MINUTES_PER_DAY


def utc_offset_minutes(minutes: Minutes, timezone: str) -> Minutes:
    """Return the minutes by which the zone is ahead of UTC at each UTC minute, shape (n,)."""
    tz = zone(timezone)
    days, place = np.unique(minutes // MINUTES_PER_DAY, return_inverse=True)
    first, end = days * MINUTES_PER_DAY, (days + 1) * MINUTES_PER_DAY
    midnights = np.union1d(first, end)  # the end of a day is most often the first of the next
    offsets = _offsets(midnights, tz)
    at_first, at_end = (offsets[np.searchsorted(midnights, each)] for each in (first, end))
    # Only a day on which the offset changes needs a closer look.
    changing = np.flatnonzero(at_first != at_end)
    end[changing] = _first_minutes_changed(first[changing], end[changing], tz)
    return np.where(minutes < end[place], at_first[place], at_end[place])


def local_to_utc(local_minutes: Minutes, timezone: str) -> tuple[Minutes, NDArray[np.int64]]:
    """Return the UTC minutes that a zone's clock shows as these local minutes.

    Returns
    -------
    utc_minutes : int64 array, shape (n,)
        The UTC minute, the first if there are two; meaningless if there is no such minute.
    n_minutes : int64 array, shape (n,)
        Number of UTC minutes that show as this local minute: 1, but 0 if the spring change skips
        the local time and 2 if the autumn change repeats it.
    """
    before, after = _readings(local_minutes, timezone)
    shows_before = _shows(before, local_minutes, timezone)
    shows_after = (after != before) & _shows(after, local_minutes, timezone)
    utc = np.where(shows_before, before, after)
    return utc, shows_before.astype(np.int64) + shows_after


def _readings(local_minutes: Minutes, timezone: str) -> tuple[Minutes, Minutes]:
    """Return UTC minutes of local ones by the offsets a day before and a day after."""
    # Changes lie more than two days apart, so one of these two offsets holds.
    before = local_minutes - utc_offset_minutes(local_minutes - MINUTES_PER_DAY, timezone)
    return before, local_minutes - utc_offset_minutes(local_minutes + MINUTES_PER_DAY, timezone)


def _shows(minutes: Minutes, local_minutes: Minutes, timezone: str) -> NDArray[np.bool_]:
    return minutes + utc_offset_minutes(minutes, timezone) == local_minutes


def minute_text(minute: int) -> str:
    """Return a minute since 1970-01-01 00:00 as ``YYYY-MM-DD HH:MM``."""
    return str(np.datetime64(int(minute), "m")).replace("T", " ")


def _first_minutes_changed(first: Minutes, end: Minutes, tz: pytz.BaseTzInfo) -> Minutes:
    """Find the first minute after `first` with another offset, by bisection."""
    offset = _offsets(first, tz)
    while (end - first > 1).any():
        middle = (first + end) // 2
        same = _offsets(middle, tz) == offset
        first, end = np.where(same, middle, first), np.where(same, end, middle)
    return end


def _offsets(minutes: Minutes, tz: pytz.BaseTzInfo) -> Minutes:
    moments = (dt.datetime.fromtimestamp(int(m) * 60, tz) for m in minutes)
    return np.array(
        [int((m.utcoffset() or dt.timedelta()).total_seconds()) // 60 for m in moments], np.int64
    )


@dataclass(frozen=True, slots=True)
class LocalClock:
    """Clock of times without an offset: a zone, and the minutes by which the clock is ahead."""

    name: str
    timezone: str
    ahead_minutes: int

    def to_utc(self, local: Minutes) -> tuple[Minutes, NDArray[np.int64]]:
        """Return UTC minutes and their number for each local one, as `local_to_utc`."""
        return local_to_utc(local - self.ahead_minutes, self.timezone)

    def from_utc(self, minutes: Minutes) -> Minutes:
        """Return what the clock shows at UTC minutes, in minutes, shape (n,)."""
        return minutes + utc_offset_minutes(minutes, self.timezone) + self.ahead_minutes


def local_clock(name: str, location: str = "") -> LocalClock:
    """Return the clock of an IANA zone, or of a zone plus or minus hours.

    ``America/New_York+7`` is the server time of most MetaTrader brokers: two or three hours ahead
    of UTC, with the clock changes of New York. No IANA zone has both. ``UTC+2`` is two hours ahead
    of UTC, ``UTC+5:30`` five and a half.

    Raises
    ------
    InputError
        If no such zone exists, or the clock is more than 14 hours away from it.

    Examples
    --------
    >>> local_clock("UTC+5:30").ahead_minutes
    330
    """
    for zone_name, ahead_minutes in _clock_readings(name):
        try:
            zone(zone_name)
        except InputError:
            continue
        if abs(ahead_minutes) > _MOST_AHEAD_MINUTES:
            break
        return LocalClock(name, zone_name, ahead_minutes)
    raise InputError(
        f"unknown time zone {shown(name)}",
        location=location,
        expected="an IANA name such as Europe/Berlin or America/New_York, UTC+2, or a zone plus"
        " hours if the clock runs ahead of the zone (America/New_York+7)",
    )


def _clock_readings(name: str) -> Iterator[tuple[str, int]]:
    yield name, 0  # Etc/GMT+5 is a zone of its own
    if match := re.fullmatch(r"(.+?) ?([+-])(\d\d?)(?::([0-5]\d))?", name, re.ASCII):
        minutes = int(match[3]) * 60 + int(match[4] or 0)
        yield match[1], -minutes if match[2] == "-" else minutes
