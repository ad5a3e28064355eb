"""News events as the engines see them: minutes around which no trade is entered."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ib_grid.clock import MINUTES_PER_DAY, Minutes
from ib_grid.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NewsFilter:
    """Entries are blocked from `before_minutes` before to `after_minutes` after an event.

    Attributes
    ----------
    events : int64 array, shape (n_events,)
        Minutes since 1970-01-01 00:00 UTC; sorted and without repetition after construction.
    before_minutes, after_minutes : int
        Both ends belong to the blocked span.

    Raises
    ------
    ConfigError
        If a number of minutes is not a whole number from 0 to 1440.
    """

    events: NDArray[np.int64]
    before_minutes: int = 2
    after_minutes: int = 2

    def __post_init__(self) -> None:
        for name in ("before_minutes", "after_minutes"):
            object.__setattr__(self, name, _whole_minutes(name, getattr(self, name)))
        object.__setattr__(self, "events", np.unique(np.asarray(self.events, dtype=np.int64)))

    def blocks(self, minutes: ArrayLike) -> NDArray[np.bool_]:
        """Whether an entry at each UTC minute is blocked.

        Parameters
        ----------
        minutes : int64 array, any shape
            News moments, minutes since 1970-01-01 00:00 UTC.

        Returns
        -------
        bool array of the same shape
            True where an event lies in ``[minute - after_minutes, minute + before_minutes]``.
        """
        moment = np.asarray(minutes, dtype=np.int64)
        first = np.searchsorted(self.events, moment - self.after_minutes)
        end = np.searchsorted(self.events, moment + self.before_minutes, side="right")
        return np.asarray(first < end)

    @property
    def spans(self) -> tuple[Minutes, Minutes]:
        """The blocked spans: first and last minute of each, both blocked.

        Returns
        -------
        starts, ends : int64 arrays, shape (n_spans,)
            Ascending and disjoint; spans that overlap or follow without a gap are one.
        """
        starts = self.events - self.before_minutes
        ends = self.events + self.after_minutes
        apart = np.flatnonzero(starts[1:] > ends[:-1] + 1)
        if not len(starts):
            return starts, ends
        return starts[np.append(0, apart + 1)], ends[np.append(apart, -1)]


def _whole_minutes(name: str, value: object) -> int:
    if isinstance(value, Integral) and not isinstance(value, bool):
        whole = int(value)
        if 0 <= whole <= MINUTES_PER_DAY:
            return whole
    raise ConfigError(f"{name} is {value!r}", expected="whole minutes from 0 to 1440")


NO_NEWS = NewsFilter(events=np.zeros(0, np.int64), before_minutes=0, after_minutes=0)
