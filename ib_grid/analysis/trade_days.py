"""One date of a combination, bar by bar: levels, signal, and the course of stop and target.

The date is traded by the reference engine, which records what the fast engine does not: the bar of
the signal, and stop and target at the end of every bar.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ib_grid.engine.reference.day import Day, Setting, read_day, setting
from ib_grid.engine.reference.engine import Trade, trade
from ib_grid.engine.reference.entries import Entry, entry
from ib_grid.engine.reference.exits import Standing, follow
from ib_grid.errors import InputError
from ib_grid.grid.params import Params
from ib_grid.market import clock
from ib_grid.market.bars import Bars
from ib_grid.news.calendars import Event
from ib_grid.runs.source import HasSource, RunSource, source_of

Date = dt.date | np.datetime64 | str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TradeDay:
    """A session date of a combination; minutes since 1970-01-01 00:00 UTC, prices in points.

    Attributes
    ----------
    symbol : str
    params : Params
    date : date
        Local date of the session.
    bars : Bars
        Mid prices from `ib_start` to the last bar that the execution model looks at.
    ib_start, ib_end : int
    window_start, window_end : int
        W0 and W1 of STRATEGY.md, section 2.
    ib_high, ib_low : float
    signal : tuple of int or None
        First minute and end of the M2 bar that gave the signal, for REV_RB of the one that armed
        the order; None without a trade.
    trade : Trade or None
        As the engines report it; None if nothing was traded.
    path : DataFrame
        Columns time (UTC), stop and target (points): how they stood at entry, and at the end of
        each bar in which the position was watched; in the bar of the exit as they stood then.
        No row without a trade.
    events : tuple of Event
        Those from `ib_start` to `window_end`, widened by what the news filter blocks.
    """

    symbol: str
    params: Params
    date: dt.date
    bars: Bars
    ib_start: int
    ib_end: int
    window_start: int
    window_end: int
    ib_high: float
    ib_low: float
    signal: tuple[int, int] | None
    trade: Trade | None
    path: pd.DataFrame
    events: tuple[Event, ...]


def trade_day(of: RunSource | HasSource, combination: Params | int, date: Date) -> TradeDay:
    """Return a date of a combination, with its trade followed from signal to exit.

    Parameters
    ----------
    of : RunSource or Run
    combination : Params or int
    date : date, datetime64 or str
        Local session date, ``YYYY-MM-DD`` as text.

    Raises
    ------
    GridError
        If there is no such combination, or the market does not serve it.
    InputError
        If the date is invalid or has no bar in its Initial Balance.
    DataError
        If a run's bars or calendars are missing, have changed or cannot be read.
    """
    source = source_of(of)
    params, execution = source.params(combination), source.context.execution
    day = _day(source, params, _date(date))
    on_date = setting(day, params, execution)
    entered = None if on_date is None else entry(on_date, params, execution, source.context.news)
    watched: list[Standing] = []
    made = None
    if on_date is not None and entered is not None:
        watched = list(follow(entered, on_date, params, execution))
        made = trade(day, on_date, entered, watched, execution)
    balance = [bar for bar in day.m1 if bar.start < day.ib_end]
    window_start = day.ib_end + params.ib_wait_minutes
    window_end = window_start + params.trade_window_minutes
    last = window_end if execution.model == "original" else window_end - 1
    return TradeDay(
        symbol=source.symbol,
        params=params,
        date=clock.date_of(day.date),
        bars=source.context.market.bars.between(day.ib_start, last + 1),
        ib_start=day.ib_start,
        ib_end=day.ib_end,
        window_start=window_start,
        window_end=window_end,
        ib_high=max([bar.high for bar in balance]),
        ib_low=min([bar.low for bar in balance]),
        signal=None if entered is None else (entered.signal.start, entered.signal.end),
        trade=made,
        path=_path(on_date, entered, watched),
        events=_events_near(source, day.ib_start, window_end),
    )


def extreme_dates(trades: pd.DataFrame, n: int = 1) -> pd.DatetimeIndex:
    """Return the dates of the `n` best trades, best first, then of the `n` worst, worst last.

    No date is named twice; of equal results the earlier date comes first.
    """
    by_r = trades.sort_values("r", ascending=False, kind="stable")["date"]
    return pd.DatetimeIndex(pd.concat([by_r.head(n), by_r.tail(n)]).drop_duplicates())


def _date(date: Date) -> dt.date:
    try:
        if isinstance(date, np.datetime64):
            date = pd.Timestamp(date)
        if pd.isna(date):
            raise ValueError("missing date")  # a missing one is a date by its class
        if isinstance(date, dt.date):
            return date.date() if isinstance(date, dt.datetime) else date
        return dt.date.fromisoformat(date)
    except (TypeError, ValueError):
        raise InputError(f"{date!r} is not a date", expected="YYYY-MM-DD") from None


def _day(source: RunSource, params: Params, date: dt.date) -> Day:
    levels = source.context.market.session_levels(params.session, params.horizon_minutes)
    number = clock.day_number(date)
    place = int(np.searchsorted(levels.date, number))
    if place == len(levels.date) or levels.date[place] != number:
        raise InputError(
            f"{date:%Y-%m-%d} is not a session date: no bar from {params.session}",
            location=f"the bars of {source.symbol}",
            expected=f"one of {len(levels.date):,} dates from {clock.date_of(levels.date[0])} to"
            f" {clock.date_of(levels.date[-1])}",
        )
    return read_day(source.context.market, levels, place, params.horizon_minutes)


def _path(
    on_date: Setting | None, entered: Entry | None, watched: Sequence[Standing]
) -> pd.DataFrame:
    rows: list[tuple[int, float, float]] = []
    if on_date is not None and entered is not None:
        rows.append((on_date.m1[entered.index].start, entered.stop, entered.target))
        rows += [(s.minute, s.position.stop, s.position.target) for s in watched]
    minute = np.array([row[0] for row in rows], np.int64)
    return pd.DataFrame(
        {
            "time": pd.DatetimeIndex((minute * 60_000).astype("datetime64[ms]"), tz="UTC"),
            "stop": np.array([row[1] for row in rows], np.float64),
            "target": np.array([row[2] for row in rows], np.float64),
        }
    )


def _events_near(source: RunSource, first_minute: int, last_minute: int) -> tuple[Event, ...]:
    first = first_minute - source.context.news.after_minutes
    last = last_minute + source.context.news.before_minutes
    return tuple(event for event in source.events if first <= event.minute <= last)
