"""News filter of the engines: minutes around which no trade is entered."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ib_grid.errors import ConfigError
from ib_grid.errors.validation import whole_number
from ib_grid.market.clock import MINUTES_PER_DAY, Minutes
from ib_grid.market.instruments import Instrument
from ib_grid.news.calendars import Calendar, normalised_currency


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NewsFilter:
    """Filter that blocks entries from `before_minutes` before to `after_minutes` after an event.

    Attributes
    ----------
    events : int64 array, shape (n_events,)
        Minutes since 1970-01-01 00:00 UTC; sorted and unique after construction.
    before_minutes, after_minutes : int
        Both ends of the blocked span included.

    Raises
    ------
    ConfigError
        If the minutes are not whole numbers from 0 to 1440.
    """

    events: NDArray[np.int64]
    before_minutes: int = 2
    after_minutes: int = 2

    def __post_init__(self) -> None:
        for name in ("before_minutes", "after_minutes"):
            object.__setattr__(self, name, _whole_minutes(name, getattr(self, name)))
        object.__setattr__(self, "events", np.unique(np.asarray(self.events, dtype=np.int64)))

    def blocks(self, minutes: ArrayLike) -> NDArray[np.bool_]:
        """Return whether an entry at each UTC minute is blocked.

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
        """First and last minute of each blocked span, both blocked.

        Returns
        -------
        starts, ends : int64 arrays, shape (n_spans,)
            Ascending and disjoint; spans that overlap or touch are merged.
        """
        starts = self.events - self.before_minutes
        ends = self.events + self.after_minutes
        apart = np.flatnonzero(starts[1:] > ends[:-1] + 1)
        if not len(starts):
            return starts, ends
        return starts[np.append(0, apart + 1)], ends[np.append(apart, -1)]

    def within(self, first: Minutes, last: Minutes) -> NewsFilter:
        """Return the filter of the events that block any minute of some spans.

        Parameters
        ----------
        first, last : int64 arrays, shape (n_spans,)
            Both minutes of a span included; in any order, and spans may overlap.

        Examples
        --------
        >>> news = NewsFilter(events=np.array([100, 200, 300]))
        >>> news.within(np.array([202]), np.array([297])).events
        array([200])
        """
        begun = np.searchsorted(np.sort(first), self.events + self.after_minutes, side="right")
        over = np.searchsorted(np.sort(last), self.events - self.before_minutes)
        return dataclasses.replace(self, events=self.events[begun > over])

    def to_dict(self) -> dict[str, int | str]:
        """Return everything that can change a number, for a manifest or a fingerprint."""
        return {
            "before_minutes": self.before_minutes,
            "after_minutes": self.after_minutes,
            "n_events": len(self.events),
            "events_sha256": hashlib.sha256(self.events.astype("<i8").tobytes()).hexdigest(),
        }


def _whole_minutes(name: str, value: object) -> int:
    whole = whole_number(value)
    if whole is None or not 0 <= whole <= MINUTES_PER_DAY:
        raise ConfigError(f"{name} is {value!r}", expected="a whole number from 0 to 1440")
    return whole


NO_NEWS = NewsFilter(events=np.zeros(0, np.int64), before_minutes=0, after_minutes=0)


def news_filter(
    calendar: Calendar,
    currencies: Sequence[str],
    before_minutes: int = 2,
    after_minutes: int = 2,
) -> NewsFilter:
    """Return the filter of a calendar's high-impact events in these currencies.

    The rule is in STRATEGY.md, section 4.
    """
    minutes = [event.minute for event in calendar.high_impact(currencies)]
    return NewsFilter(
        events=np.array(minutes, dtype=np.int64),
        before_minutes=before_minutes,
        after_minutes=after_minutes,
    )


def currencies_of(
    instrument: Instrument, table: Mapping[str, Sequence[str]] | None = None
) -> tuple[str, ...]:
    """Return the currencies whose events block entries of an instrument.

    An entry of the user's own table, by symbol, replaces the instrument's currencies. ``ALL`` adds
    the events that concern every currency.
    """
    if table is None or instrument.symbol not in table:
        return instrument.currencies
    given = table[instrument.symbol]
    texts = [] if isinstance(given, str) or not isinstance(given, Sequence) else list(given)
    codes = [normalised_currency(text) if isinstance(text, str) else None for text in texts]
    found = tuple(dict.fromkeys(code for code in codes if code is not None))
    if not texts or None in codes:
        raise ConfigError(
            f"invalid currencies of {instrument.symbol}: {', '.join(map(str, texts)) or given!r}",
            expected="three-letter codes such as EUR and USD",
        )
    return found
