"""Spread by hour of the clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ib_grid.errors import ConfigError
from ib_grid.errors.validation import finite_number, shown
from ib_grid.market.clock import Minutes, local_clock

HOURS_PER_DAY = 24
_EXPECTED = 'clock = "Europe/Berlin" and hours such as 17 = 3.0'


@dataclass(frozen=True, slots=True, kw_only=True)
class SpreadByHour:
    """Full spread in each hour of a clock.

    Attributes
    ----------
    clock : str
        Clock whose hours count, as `local_clock` takes it, such as ``America/New_York+7``.
    points : tuple of float, length 24
        Full spread from 00:00 on, in points of price.

    Raises
    ------
    ConfigError
        If a spread is negative or not finite, or there are not 24 spreads.
    InputError
        If the clock is unknown.
    """

    clock: str
    points: tuple[float, ...]

    def __post_init__(self) -> None:
        local_clock(self.clock)
        for value in self.points:
            number = finite_number(value)
            if number is None or number < 0:
                raise ConfigError(
                    f"invalid spread {shown(value)}", expected="0 or above, in points of price"
                )
        if len(self.points) != HOURS_PER_DAY:
            raise ConfigError(f"{len(self.points)} spreads", expected="one for each of 24 hours")
        object.__setattr__(self, "points", tuple(map(float, self.points)))

    @classmethod
    def from_mapping(cls, content: Mapping[str, Any], default_points: float) -> SpreadByHour:
        """Return the spreads of a mapping of ``clock`` and hours; other hours have the default.

        Examples
        --------
        >>> spread = SpreadByHour.from_mapping({"clock": "UTC", "17": 3}, 1.5)
        >>> spread.points[16:18]
        (1.5, 3.0)
        """
        hours = {str(hour): default_points for hour in range(HOURS_PER_DAY)}
        unknown = [key for key in content if key not in hours and key != "clock"]
        if unknown or "clock" not in content:
            found = f"unknown key {shown(unknown[0])}" if unknown else "clock is missing"
            raise ConfigError(found, expected=_EXPECTED)
        by_hour = {key: value for key, value in content.items() if key != "clock"}
        if not by_hour:
            raise ConfigError("no hour has a spread", expected=_EXPECTED)
        return cls(clock=str(content["clock"]), points=tuple({**hours, **by_hour}.values()))

    def to_dict(self) -> dict[str, object]:
        """Return names and values, as JSON has them."""
        return {"clock": self.clock, "points": list(self.points)}

    def at(self, minutes: Minutes) -> NDArray[np.float64]:
        """Return the full spread at each UTC minute, shape (n,)."""
        local = local_clock(self.clock).from_utc(minutes)
        return np.array(self.points)[local // 60 % HOURS_PER_DAY]


@lru_cache(maxsize=100_000)
def spread_at(spread: SpreadByHour, minute: int) -> float:
    """Return the full spread at one UTC minute."""
    return float(spread.at(np.array([minute], np.int64))[0])
