"""Local session times to UTC minutes, and back: the only place that knows zones and clock changes.

A moment is an int64 count of minutes since 1970-01-01 00:00 UTC; a date is an int64 count of days
since 1970-01-01.
"""

from __future__ import annotations

import datetime as dt
import re

import numpy as np
import pytz
from numpy.typing import NDArray

from ib_grid.errors import InputError

Minutes = NDArray[np.int64]
Days = NDArray[np.int64]

MINUTES_PER_DAY = 1440
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_CLOCK_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


def parse_clock_time(text: str) -> int:
    """Minutes after midnight of an ``HH:MM`` text.

    Raises
    ------
    InputError
        If the text is not a time of day from 00:00 to 23:59.
    """
    match = _CLOCK_TIME.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise InputError(f"{text!r} is not a time of day", expected="HH:MM from 00:00 to 23:59")
    return int(match[1]) * 60 + int(match[2])


def zone(name: str) -> pytz.BaseTzInfo:
    """The time zone of an IANA name such as ``Europe/Berlin``.

    Raises
    ------
    InputError
        If there is no such zone.
    """
    try:
        return pytz.timezone(name)
    except (pytz.UnknownTimeZoneError, AttributeError) as error:
        raise InputError(
            f"{name!r} is not a time zone",
            expected="an IANA name such as Europe/Berlin, America/New_York or UTC",
        ) from error


def local_to_utc_minutes(dates: Days, clock_time: str, timezone: str) -> Minutes:
    """UTC minutes of one clock time on each of the local dates.

    A clock time that the spring change leaves out is moved on by the change; one that the autumn
    change gives twice is taken as the second (standard time).

    Parameters
    ----------
    dates : int64 array, shape (n_dates,)
        Local dates, days since 1970-01-01.
    clock_time : str
        ``HH:MM``.
    timezone : str
        IANA name.

    Returns
    -------
    int64 array, shape (n_dates,)
        Minutes since 1970-01-01 00:00 UTC.
    """
    tz = zone(timezone)
    minute_of_day = parse_clock_time(clock_time)
    midnight = dt.datetime(1970, 1, 1)
    moments = (midnight + dt.timedelta(days=int(d), minutes=minute_of_day) for d in dates)
    return np.array(
        [int(tz.localize(m, is_dst=False).timestamp()) // 60 for m in moments], dtype=np.int64
    )


def utc_minute(local: dt.datetime, timezone: str) -> int:
    """The UTC minute in which a local time without an offset falls.

    Parameters
    ----------
    local : datetime
        Without `tzinfo`.
    timezone : str
        IANA name.

    Raises
    ------
    InputError
        If there is no such zone, or its clock change leaves the time out or gives it twice.
    """
    tz = zone(timezone)
    try:
        moment = tz.localize(local, is_dst=None)
    except pytz.InvalidTimeError as error:
        twice = isinstance(error, pytz.AmbiguousTimeError)
        raise InputError(
            f"the clock of {timezone} shows {local} {'twice' if twice else 'never'}",
            expected="a time that is not within a clock change, or one with an offset",
        ) from error
    return (moment - EPOCH) // dt.timedelta(minutes=1)


def day_number(date: dt.date) -> int:
    """Days from 1970-01-01 to a date."""
    return (date - EPOCH.date()).days


def date_of(day: int) -> dt.date:
    """The date of a number of days since 1970-01-01."""
    return EPOCH.date() + dt.timedelta(days=int(day))


def local_dates(minutes: Minutes, timezone: str) -> Days:
    """Local date of each UTC minute.

    Parameters
    ----------
    minutes : int64 array, shape (n,)
        Minutes since 1970-01-01 00:00 UTC.
    timezone : str
        IANA name.

    Returns
    -------
    int64 array, shape (n,)
        Days since 1970-01-01 in that zone.
    """
    return (minutes + utc_offset_minutes(minutes, timezone)) // MINUTES_PER_DAY


def utc_offset_minutes(minutes: Minutes, timezone: str) -> Minutes:
    """Minutes by which the zone's clock is ahead of UTC at each UTC minute, shape (n,)."""
    tz = zone(timezone)
    if not len(minutes):
        return np.zeros(0, np.int64)
    # Offsets change on quarter hours at the most often, so one look-up each quarter hour is enough.
    quarters, place = np.unique(minutes // 15, return_inverse=True)
    moments = (dt.datetime.fromtimestamp(int(q) * 900, tz) for q in quarters)
    offsets = [int((m.utcoffset() or dt.timedelta()).total_seconds()) // 60 for m in moments]
    return np.array(offsets, dtype=np.int64)[place]
