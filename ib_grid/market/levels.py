"""Initial Balance levels by date and session (STRATEGY.md, section 2)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ib_grid.market import clock
from ib_grid.market.bars import Bars
from ib_grid.market.instruments import Session


class SessionLevels(NamedTuple):
    """Levels of one session on its session dates, arrays of shape (n_dates,), ascending by date.

    A session date has at least one bar in ``[ib_start, ib_end)``. Only the range of a date with
    ``ib_high > ib_low`` can be traded; the others count as dates without a trade.

    Attributes
    ----------
    date : int64 array
        Local date, days since 1970-01-01.
    ib_start, ib_end : int64 array
        Minutes since 1970-01-01 00:00 UTC.
    ib_high, ib_low : float64 array
        Highest high and lowest low, in points.
    n_bars : int64 array
        Bars in the Initial Balance.
    """

    date: NDArray[np.int64]
    ib_start: NDArray[np.int64]
    ib_end: NDArray[np.int64]
    ib_high: NDArray[np.float64]
    ib_low: NDArray[np.float64]
    n_bars: NDArray[np.int64]


def clock_digests(levels: Mapping[Session, SessionLevels]) -> dict[str, str]:
    """Return a digest of the UTC minutes of each session on its dates.

    The digest follows the time zone data: it changes if a session starts or ends at another minute
    on any of its dates.
    """
    found = {}
    for session, of_session in levels.items():
        minutes = np.stack(of_session[:3]).astype("<i8")  # date, ib_start and ib_end
        digest = hashlib.sha256(minutes.tobytes()).hexdigest()[:16]
        found[f"{session} {session.ib_timezone}"] = digest
    return found


def follows_clock(session: Session, levels: SessionLevels) -> bool:
    """Return True if the levels lie where today's time zone data puts their session."""
    return all(
        np.array_equal(minutes, clock.local_to_utc_minutes(levels.date, time, session.ib_timezone))
        for minutes, time in (
            (levels.ib_start, session.ib_start),
            (levels.ib_end, session.ib_end),
        )
    )


def session_levels(bars: Bars, session: Session) -> SessionLevels:
    """Return the levels of a session on every date that has a bar in it."""
    date = np.unique(clock.local_dates(bars.minute, session.ib_timezone))
    ib_start = clock.local_to_utc_minutes(date, session.ib_start, session.ib_timezone)
    ib_end = clock.local_to_utc_minutes(date, session.ib_end, session.ib_timezone)
    first, end = np.searchsorted(bars.minute, ib_start), np.searchsorted(bars.minute, ib_end)
    some = end > first
    date, ib_start, ib_end = date[some], ib_start[some], ib_end[some]
    first, end = first[some], end[some]
    return SessionLevels(
        date=date,
        ib_start=ib_start,
        ib_end=ib_end,
        ib_high=_reduce_spans(np.maximum, bars.high, first, end),
        ib_low=_reduce_spans(np.minimum, bars.low, first, end),
        n_bars=end - first,
    )


def _reduce_spans(
    ufunc: np.ufunc, values: NDArray[np.float64], first: NDArray[np.int64], end: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Reduce ``values[first[i]:end[i]]`` by `ufunc` for each i; no span is empty."""
    if not len(first):
        return np.zeros(0, np.float64)
    # reduceat takes pairs (first, end) as neighbours and needs each below len(values)
    pairs = np.stack([first, end], axis=1).ravel()
    padded = np.append(values, values[-1])
    return np.asarray(ufunc.reduceat(padded, pairs)[::2])
