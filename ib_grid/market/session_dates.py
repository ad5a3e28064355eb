"""Session dates that take part in a run, and later ones held out of it."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ib_grid.errors import ConfigError
from ib_grid.market.clock import Days, date_of, day_number
from ib_grid.market.instruments import Session
from ib_grid.market.levels import SessionLevels

Levels = Mapping[Session, SessionLevels]

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionDates:
    """Session dates that take part in a run; by default all dates with bars.

    Attributes
    ----------
    first, last : date, optional
        First and last session date, both included.
    hold_out : date, optional
        First session date that is held out: this date and later ones, up to `last`, take no part.

    Raises
    ------
    ConfigError
        If the dates are out of order.

    Examples
    --------
    >>> SessionDates(last=dt.date(2018, 12, 31), hold_out=dt.date(2018, 7, 1)).to_dict()
    {'last': '2018-12-31', 'hold_out': '2018-07-01'}
    """

    first: dt.date | None = None
    last: dt.date | None = None
    hold_out: dt.date | None = None

    def __post_init__(self) -> None:
        if self.first and self.last and self.first > self.last:
            raise ConfigError(
                f"--from {self.first} is after --to {self.last}",
                expected="a first session date that is not after the last one",
            )

    def to_dict(self) -> dict[str, str]:
        """Return the given dates, for a manifest or a fingerprint; empty for all dates."""
        return {name: str(date) for name, date in dataclasses.asdict(self).items() if date}

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> SessionDates:
        """Return the dates that `to_dict` turned into these values."""
        return cls(**{name: dt.date.fromisoformat(str(date)) for name, date in values.items()})

    @property
    def last_ranked(self) -> dt.date | None:
        """Last date that takes part, whether or not there are bars of it; None without a limit."""
        before = self.hold_out and self.hold_out - _DAY
        return min(filter(None, (self.last, before)), default=None)

    def notes(self) -> list[str]:
        """Return sentences on what is left out, for a reader of the results."""
        notes = []
        if self.first or self.last:
            until = f"to {self.last}" if self.last else "on"
            dates = f"from {self.first} {until}" if self.first else f"up to {self.last}"
            notes.append(f"Only session dates {dates} are used.")
        if self.hold_out:
            notes.append(
                f"Session dates from {self.hold_out} on are held out: no figure uses them."
            )
        return notes

    def within(self, levels: Levels) -> dict[Session, SessionLevels]:
        """Return the levels of the dates from `first` to `last`, held out or not; as `ranked`."""
        return _between(levels, self.first, self.last)

    def ranked(self, levels: Levels) -> dict[Session, SessionLevels]:
        """Return the levels of the dates that take part.

        Raises
        ------
        ConfigError
            If none is left.
        """
        return _between(levels, self.first, self.last_ranked)

    def held_out(self, levels: Levels) -> dict[Session, SessionLevels]:
        """Return the levels of the dates that are held out; `hold_out` must be given.

        Raises
        ------
        ConfigError
            If none is left.
        """
        return _between(levels, self.hold_out, self.last)

    def holding_out(self, share_or_date: float | dt.date, levels: Levels) -> SessionDates:
        """Return these dates without the last ones.

        Parameters
        ----------
        share_or_date : float or date
            Share of the dates to hold out, or the first date to hold out.
        levels : mapping of Session to SessionLevels
            Levels of all dates with bars; a date of several sessions counts once.

        Raises
        ------
        ConfigError
            If no date would be held out, or none would be left.
        """
        dates = _dates(self.within(levels))
        if isinstance(share_or_date, dt.date):
            given, n_left = str(share_or_date), np.searchsorted(dates, day_number(share_or_date))
        else:
            given = f"{100 * share_or_date:g}%"
            n_left = np.int64(len(dates) - round(share_or_date * len(dates)))
        if not 0 < n_left < len(dates):
            rest = "holds out no session date" if n_left else "leaves no session date to rank"
            raise ConfigError(
                f"--hold-out {given} {rest}",
                expected=f"a share of the {len(dates):,} session dates, such as 20%, or a date"
                f" after {date_of(dates[0])} and not after {date_of(dates[-1])}",
            )
        return dataclasses.replace(self, hold_out=date_of(dates[n_left]))


def _between(
    levels: Levels, first: dt.date | None, last: dt.date | None
) -> dict[Session, SessionLevels]:
    """Return the levels of the dates from `first` to `last`, both included."""
    found = {session: _cut(values, first, last) for session, values in levels.items()}
    if (first or last) and not len(_dates(found)):
        dates = _dates(levels)
        within = f", {date_of(dates[0])} to {date_of(dates[-1])}" if len(dates) else ""
        since, until = f" from {first}" if first else "", f" to {last}" if last else ""
        raise ConfigError(
            f"the bars have no session date{since}{until}",
            expected=f"dates within those of the bars{within}",
        )
    return found


def _cut(values: SessionLevels, first: dt.date | None, last: dt.date | None) -> SessionLevels:
    begin = np.searchsorted(values.date, day_number(first)) if first else 0
    end = np.searchsorted(values.date, day_number(last), side="right") if last else None
    return SessionLevels._make(array[begin:end] for array in values)


def _dates(levels: Levels) -> Days:
    return np.unique(np.concatenate([values.date for values in levels.values()]))
