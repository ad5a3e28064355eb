"""Dates by the clock of a firm."""

from __future__ import annotations

from dataclasses import dataclass

from ib_grid.errors import ConfigError, InputError
from ib_grid.market.clock import (
    MINUTES_PER_DAY,
    Days,
    LocalClock,
    Minutes,
    local_clock,
    parse_clock_time,
)

_SERVER = "America/New_York+7"


@dataclass(frozen=True, slots=True)
class FirmClock:
    """Clock by which a firm divides days.

    Attributes
    ----------
    zone : str
        A clock of `local_clock`, or ``server``, which is seven hours ahead of New York.
    day_starts : str
        ``HH:MM`` at which a new day starts. A day that starts at noon or later bears the next date.

    Raises
    ------
    ConfigError
        If the clock or the time is invalid.
    """

    zone: str
    day_starts: str = "00:00"

    def __post_init__(self) -> None:
        try:
            parse_clock_time(self.day_starts)
            _ = self._clock
        except InputError as error:
            raise error.with_context(ConfigError, location="clock") from error

    @property
    def _clock(self) -> LocalClock:
        return local_clock(_SERVER if self.zone == "server" else self.zone)

    def dates(self, minutes: Minutes) -> Days:
        """Return the firm's date of each UTC minute, in days since 1970-01-01.

        Examples
        --------
        >>> import numpy as np
        >>> FirmClock("UTC+3").dates(np.array([22 * 60]))
        array([1])
        """
        starts = parse_clock_time(self.day_starts)
        begun = starts if starts < MINUTES_PER_DAY // 2 else starts - MINUTES_PER_DAY
        return (self._clock.from_utc(minutes) - begun) // MINUTES_PER_DAY

    def __str__(self) -> str:
        return f"{self.zone}, days from {self.day_starts}"
