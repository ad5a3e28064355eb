"""Dates by the clock of a firm."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from ib_grid.errors import ConfigError, InputError
from ib_grid.errors.validation import shown
from ib_grid.market import clock
from ib_grid.market.clock import MINUTES_PER_DAY, Days, Minutes

_SERVER_ZONE, _SERVER_AHEAD = "America/New_York", 7 * 60
_FIXED = re.compile(r"UTC([+-])(\d{1,2})")
_EXPECTED = "an IANA name such as Europe/Prague, server (New York + 7 h), or UTC+3"


@dataclass(frozen=True, slots=True)
class FirmClock:
    """Clock by which a firm divides days.

    Attributes
    ----------
    zone : str
        IANA name, ``UTC+n`` or ``server``, which is seven hours ahead of New York.
    day_starts : str
        ``HH:MM`` at which a new day starts. A day that starts at noon or later bears the next date.

    Raises
    ------
    ConfigError
        If there is no such clock.
    """

    zone: str
    day_starts: str = "00:00"

    def __post_init__(self) -> None:
        try:
            clock.parse_clock_time(self.day_starts)
            self.dates(np.zeros(1, np.int64))
        except InputError as error:
            raise ConfigError(
                f"invalid clock: {error.message}", expected=error.expected or _EXPECTED
            ) from error

    def dates(self, minutes: Minutes) -> Days:
        """Return the firm's date of each UTC minute, in days since 1970-01-01.

        Examples
        --------
        >>> FirmClock("UTC+3").dates(np.array([22 * 60]))
        array([1])
        """
        starts = clock.parse_clock_time(self.day_starts)
        begun = starts if starts < MINUTES_PER_DAY // 2 else starts - MINUTES_PER_DAY
        return (minutes + self._ahead(minutes) - begun) // MINUTES_PER_DAY

    def _ahead(self, minutes: Minutes) -> Minutes:
        if self.zone == "server":
            return clock.utc_offset_minutes(minutes, _SERVER_ZONE) + _SERVER_AHEAD
        fixed = _FIXED.fullmatch(self.zone)
        if fixed is None:
            try:
                return clock.utc_offset_minutes(minutes, self.zone)
            except InputError as error:
                raise ConfigError(
                    f"unknown clock {shown(self.zone)}", expected=_EXPECTED
                ) from error
        hours = int(fixed[1] + fixed[2])
        if abs(hours) > 14:
            raise ConfigError(f"unknown clock {shown(self.zone)}", expected=_EXPECTED)
        return np.full_like(minutes, 60 * hours)

    def __str__(self) -> str:
        return f"{self.zone}, days from {self.day_starts}"
