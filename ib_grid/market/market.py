"""Bars near the sessions, and levels, as compact arrays for the engines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ib_grid.errors import DataError, GridError
from ib_grid.market import levels as ib_levels
from ib_grid.market.bars import Bars
from ib_grid.market.clock import MINUTES_PER_DAY, Days, Minutes
from ib_grid.market.instruments import Session
from ib_grid.market.levels import SessionLevels


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """Bars and levels of one symbol; built once, then only read.

    Attributes
    ----------
    bars : Bars
        The bars from each `ib_start` to `horizon_minutes` after `ib_end`, the last minute included.
    levels : mapping of Session to SessionLevels
    horizon_minutes : int
        The longest wait and trade window that the bars serve.
    """

    bars: Bars
    levels: Mapping[Session, SessionLevels]
    horizon_minutes: int

    def session_levels(self, session: Session, horizon_minutes: int) -> SessionLevels:
        """Return the levels of a session, after a check that the bars reach far enough.

        Raises
        ------
        GridError
            If the market was not built for this session or for so long a wait and window.
        """
        if session not in self.levels or horizon_minutes > self.horizon_minutes:
            raise GridError(
                f"the market covers {', '.join(map(str, self.levels))}, {self.horizon_minutes} min",
                expected=f"{session}, {horizon_minutes} min",
                hint="build it with these sessions and this horizon",
            )
        return self.levels[session]


def build_market(
    bars: Bars,
    sessions: tuple[Session, ...],
    horizon_minutes: int,
    levels: Mapping[Session, SessionLevels] | None = None,
) -> Market:
    """Build the market of some sessions.

    Parameters
    ----------
    bars : Bars
    sessions : tuple of Session
    horizon_minutes : int
        The longest `ib_wait_minutes` + `trade_window_minutes` to be asked for.
    levels : mapping of Session to SessionLevels, optional
        Levels computed before; a session that is not in it is computed from the bars.

    Raises
    ------
    DataError
        If no session has a single date with bars.
    """
    known = levels or {}
    found = {s: known.get(s) or ib_levels.session_levels(bars, s) for s in sessions}
    # Kernels are compiled by memory layout: contiguous here as it is after a pickle.
    of_session = {
        s: SessionLevels._make(np.array(v, order="C") for v in lv) for s, lv in found.items()
    }
    if not any(len(lv.date) for lv in of_session.values()):
        raise DataError(
            f"no bar lies in any of the sessions {', '.join(map(str, sessions))}",
            expected=f"bars within these clock times of {sessions[0].ib_timezone}",
            hint="check the time zone the bars were prepared with, and the symbol",
        )
    near = np.zeros(len(bars) + 1, np.int64)
    for lv in of_session.values():
        np.add.at(near, np.searchsorted(bars.minute, lv.ib_start), 1)
        end = np.searchsorted(bars.minute, lv.ib_end + horizon_minutes, side="right")
        np.add.at(near, end, -1)
    rows = np.cumsum(near[:-1]) > 0
    return Market(bars=bars.take(rows), levels=of_session, horizon_minutes=horizon_minutes)


def traded_dates(levels: Mapping[Session, SessionLevels], horizon_minutes: int) -> Days:
    """Return the UTC dates on which a trade window of these sessions lies, ascending."""
    ends = np.concatenate([of_session.ib_end for of_session in levels.values()])
    moments = np.concatenate([ends, ends + horizon_minutes])
    return np.unique(moments // MINUTES_PER_DAY)


def entry_spans(
    levels: Mapping[Session, SessionLevels], horizon_minutes: int
) -> tuple[Minutes, Minutes]:
    """Return the minutes between which these sessions can be entered.

    Returns
    -------
    first, last : int64 arrays, shape (n_dates of all sessions,)
        `ib_start`, and `horizon_minutes` after `ib_end`, UTC; both included.
    """
    first = np.concatenate([of_session.ib_start for of_session in levels.values()])
    ends = np.concatenate([of_session.ib_end for of_session in levels.values()])
    return first, ends + horizon_minutes
