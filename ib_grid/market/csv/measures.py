"""Quality measures of prepared bars."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ib_grid.market import clock
from ib_grid.market.bars import Bars
from ib_grid.market.clock import weekday
from ib_grid.market.csv.quality import Gap, SessionYear, Suspicion, SuspiciousBar
from ib_grid.market.instruments import WEEKDAYS, Instrument

N_GAPS = 10
MIN_DATES = 4
N_LARGEST = 5
MEDIAN_BARS = 121
RANGE_FACTOR = 20.0
SPIKE_FACTOR = 10.0
FROZEN_BARS = 10
_N_WEEKDAYS = 7


class SessionDates(NamedTuple):
    """Weekdays with session minutes between the first and the last bar."""

    dates: clock.Days
    n_minutes: NDArray[np.int64]
    n_present: NDArray[np.int64]

    @property
    def without_bar(self) -> tuple[int, ...]:
        """The dates without a bar in any session."""
        return tuple(int(date) for date in self.dates[self.n_present == 0])


def session_years(sessions: SessionDates) -> tuple[SessionYear, ...]:
    """Return the completeness of the sessions of each year."""
    dates, n_minutes, n_present = sessions
    empty = n_present == 0
    year = dates.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    return tuple(
        SessionYear(
            year=int(one),
            n_dates=int((year == one).sum()),
            n_empty_dates=int(empty[year == one].sum()),
            n_minutes=int(n_minutes[(year == one) & ~empty].sum()),
            n_missing=int((n_minutes - n_present)[(year == one) & ~empty].sum()),
        )
        for one in np.unique(year)
    )


def session_dates(bars: Bars, instrument: Instrument) -> SessionDates:
    """Return the weekdays with session minutes, and their numbers of minutes and of bars."""
    first, last = clock.local_dates(bars.minute[[0, -1]], instrument.timezone)
    span = np.arange(first, last + 1)
    minutes = _session_minutes(span[np.isin(weekday(span), WEEKDAYS)], instrument)
    minutes = minutes[(minutes >= bars.minute[0]) & (minutes <= bars.minute[-1])]
    dates, of_date = np.unique(clock.local_dates(minutes, instrument.timezone), return_inverse=True)
    n_present = np.bincount(of_date[_is_in(minutes, bars.minute)], minlength=len(dates))
    return SessionDates(dates, np.bincount(of_date, minlength=len(dates)), n_present)


def _session_minutes(dates: clock.Days, instrument: Instrument) -> clock.Minutes:
    """Return the session minutes within trading hours on these dates, ascending."""
    spans = [np.zeros(0, np.int64)]
    for session in instrument.sessions:
        first = clock.local_to_utc_minutes(dates, session.ib_start, session.ib_timezone)
        end = clock.local_to_utc_minutes(dates, session.ib_end, session.ib_timezone)
        spans += [np.arange(a, b) for a, b in zip(first, end, strict=True)]
    minutes = np.unique(np.concatenate(spans))
    minutes = minutes[instrument.trading_hours.contain(minutes)]
    return minutes[_is_in(clock.local_dates(minutes, instrument.timezone), dates)]


def _is_in(values: NDArray[np.int64], ascending: NDArray[np.int64]) -> NDArray[np.bool_]:
    place = np.minimum(np.searchsorted(ascending, values), len(ascending) - 1)
    return ascending[place] == values


def fills_closed_time(bars: Bars, instrument: Instrument) -> NDArray[np.bool_]:
    """Return which bars belong to a stretch of one price as long as a session, or longer.

    Some exporters fill nights, weekends and holidays with the last price.
    """
    shortest = min(
        clock.parse_clock_time(session.ib_end) - clock.parse_clock_time(session.ib_start)
        for session in instrument.sessions
    )
    length = _frozen_bars(bars)
    starts = np.flatnonzero(length)
    return np.repeat(length[starts] >= shortest, length[starts].astype(np.int64))


def longest_gaps(bars: Bars, timezone: str) -> tuple[Gap, ...]:
    """Return the gaps with the most expected bars, the longest first."""
    local = bars.minute + clock.utc_offset_minutes(bars.minute, timezone)
    before = np.flatnonzero(np.diff(bars.minute) > 1)
    usual = _usual_bars(local)
    n_expected = usual.until(local[before + 1]) - usual.until(local[before] + 1)
    order = np.argsort(-n_expected, kind="stable")[:N_GAPS]
    return tuple(
        Gap(
            first_minute=int(bars.minute[before[i]]) + 1,
            end_minute=int(bars.minute[before[i] + 1]),
            n_expected=round(float(n_expected[i]), 1),
        )
        for i in order
        if n_expected[i] >= 1
    )


class _UsualBars(NamedTuple):
    """Usual number of bars, by local minute."""

    dates: clock.Days
    until_date: NDArray[np.float64]  # (n_dates + 1,): sum of the dates before each
    until_minute: NDArray[np.float64]  # (7, 1441): by weekday, sum before each minute

    def until(self, local: clock.Minutes) -> NDArray[np.float64]:
        """Bars to be expected before each local minute."""
        date, minute_of_day = np.divmod(local, clock.MINUTES_PER_DAY)
        on_date = self.until_minute[weekday(date), minute_of_day]
        before = self.until_date[np.searchsorted(self.dates, date)]
        return np.asarray(before + np.where(_is_in(date, self.dates), on_date, 0.0))


def _usual_bars(local: clock.Minutes) -> _UsualBars:
    date, minute_of_day = np.divmod(local, clock.MINUTES_PER_DAY)
    dates = np.unique(date)
    cell = weekday(date) * clock.MINUTES_PER_DAY + minute_of_day
    counts = np.bincount(cell, minlength=_N_WEEKDAYS * clock.MINUTES_PER_DAY)
    n_dates = np.bincount(weekday(dates), minlength=_N_WEEKDAYS)
    counts = counts.reshape(_N_WEEKDAYS, -1)
    of_weekday = counts / np.maximum(n_dates, 1)[:, None]
    share = np.where(n_dates[:, None] >= MIN_DATES, of_weekday, counts.sum(axis=0) / len(dates))
    until_minute = np.pad(np.cumsum(share, axis=1), ((0, 0), (1, 0)))
    until_date = np.append(0.0, np.cumsum(until_minute[weekday(dates), -1]))
    return _UsualBars(dates, until_date, until_minute)


def suspicions(bars: Bars) -> tuple[Suspicion, ...]:
    """Return the findings of each rule for suspicious bars, also of rules that find none."""
    minute, usual = bars.minute, _local_range(bars)
    spread = (bars.high - bars.low) / usual
    spike = _spike(bars) / usual
    run = _frozen_bars(bars)
    return (
        _suspicion(
            f"range above {RANGE_FACTOR:g} times the median of {MEDIAN_BARS} bars around it",
            minute,
            np.where(spread > RANGE_FACTOR, spread, 0),
        ),
        _suspicion(
            f"close that jumps by over {SPIKE_FACTOR:g} median ranges and is back a minute later",
            minute,
            np.where(spike > SPIKE_FACTOR, spike, 0),
        ),
        _suspicion(
            f"price that does not move for {FROZEN_BARS} bars or more",
            minute,
            np.where(run >= FROZEN_BARS, run, 0),
        ),
    )


def _suspicion(rule: str, minute: clock.Minutes, size: NDArray[np.float64]) -> Suspicion:
    found = np.flatnonzero(size)
    largest = found[np.argsort(-size[found], kind="stable")[:N_LARGEST]]
    return Suspicion(
        rule=rule,
        n_found=len(found),
        largest=tuple(
            SuspiciousBar(minute=int(minute[i]), size=round(float(size[i]), 1)) for i in largest
        ),
    )


def _local_range(bars: Bars) -> NDArray[np.float64]:
    """Return the median range around each bar, at least a quarter of the usual range; points."""
    spread = pd.Series(bars.high - bars.low)
    moving = spread[spread > 0]
    if moving.empty:
        return np.full(len(bars), np.inf)
    around = spread.rolling(MEDIAN_BARS, center=True, min_periods=1).median().to_numpy()
    return np.maximum(around, moving.median() / 4)


def _spike(bars: Bars) -> NDArray[np.float64]:
    """Return the distance of each close beyond both its neighbours; points."""
    away = np.zeros(len(bars))
    before, here, after = bars.close[:-2], bars.close[1:-1], bars.open[2:]
    up, down = here - np.maximum(before, after), np.minimum(before, after) - here
    together = bars.minute[2:] - bars.minute[:-2] == 2
    away[1:-1] = np.where(together, np.maximum(up, down), 0)
    return np.maximum(away, 0)


def _frozen_bars(bars: Bars) -> NDArray[np.float64]:
    """Return the length of each stretch without any move, at its first bar; elsewhere 0."""
    still = bars.high == bars.low
    follows = still[1:] & still[:-1] & (bars.close[1:] == bars.close[:-1])
    follows &= np.diff(bars.minute) == 1
    starts = np.flatnonzero(~np.append(False, follows))
    length = np.zeros(len(bars))
    length[starts] = np.diff(np.append(starts, len(bars)))
    return length
