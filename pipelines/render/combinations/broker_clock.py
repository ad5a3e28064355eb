"""Session times on the clock of a broker, through the clock changes of a year."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from ib_grid.grid.params import Params
from ib_grid.market.clock import (
    MINUTES_PER_DAY,
    LocalClock,
    date_of,
    day_number,
    local_to_utc_minutes,
)

_DAYS = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerTimes:
    """Initial Balance of a combination on another clock.

    Attributes
    ----------
    ib_start, ib_end : str
        ``HH:MM`` on most dates of the year.
    exceptions : tuple of str
        Dates on which the times are others, since the two clocks change on different dates.
    """

    clock: str
    ib_start: str
    ib_end: str
    exceptions: tuple[str, ...]


def broker_times(params: Params, clock: LocalClock, first_date: dt.date) -> BrokerTimes:
    """Return the times of the Initial Balance in the year from a date on.

    Examples
    --------
    08:00 in Berlin is 09:00 on the clock of most MetaTrader brokers, but 10:00 in the weeks in
    which only New York has summer time.
    """
    days = day_number(first_date) + np.arange(_DAYS)
    shown = np.stack(
        [
            clock.from_utc(local_to_utc_minutes(days, time, params.ib_timezone)) % MINUTES_PER_DAY
            for time in (params.ib_start, params.ib_end)
        ],
        axis=1,
    )
    kinds, kind_of, counts = np.unique(shown, axis=0, return_inverse=True, return_counts=True)
    usual = int(counts.argmax())
    kind_of = kind_of.ravel()
    edges = np.flatnonzero(np.diff(kind_of)) + 1
    exceptions = [
        f"{date_of(days[first])} to {date_of(days[last - 1])}: {'-'.join(map(_text, kinds[kind]))}"
        for first, last in zip([0, *edges], [*edges, _DAYS], strict=True)
        if (kind := int(kind_of[first])) != usual
    ]
    start, end = map(_text, kinds[usual])
    return BrokerTimes(clock=clock.name, ib_start=start, ib_end=end, exceptions=tuple(exceptions))


def _text(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
