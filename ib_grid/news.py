"""News events as the engines see them: minutes around which no trade is entered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
        If a number of minutes is negative.
    """

    events: NDArray[np.int64]
    before_minutes: int = 2
    after_minutes: int = 2

    def __post_init__(self) -> None:
        for name in ("before_minutes", "after_minutes"):
            if getattr(self, name) < 0:
                raise ConfigError(f"{name} is {getattr(self, name)}", expected="0 or more minutes")
        object.__setattr__(self, "events", np.unique(np.asarray(self.events, dtype=np.int64)))


NO_NEWS = NewsFilter(events=np.zeros(0, np.int64), before_minutes=0, after_minutes=0)
