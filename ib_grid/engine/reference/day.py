"""One date as the rules see it: minute bars, Initial Balance, trade window (sections 1 and 2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from ib_grid.engine.execution_settings import Execution
from ib_grid.grid.params import Params
from ib_grid.market.instruments import Session
from ib_grid.market.levels import SessionLevels
from ib_grid.market.market import Market


class Bar(NamedTuple):
    """An M1 or M2 bar, ``[start, end)`` in minutes since 1970-01-01 00:00 UTC, in points."""

    start: int
    end: int
    open: float
    high: float
    low: float
    close: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A session date and its M1 bars from `ib_start` to the last minute of the horizon."""

    date: int
    ib_start: int
    ib_end: int
    m1: list[Bar]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Levels and bars of a date on which its signals depend.

    Attributes
    ----------
    ib_high, ib_low, eq, ib_range : float
        Section 2: IBH, IBL, EQ and range, in points.
    buffer, reach : float
        In points.
    window_end : int
        W1.
    m1 : list of Bar
        The window's M1 bars, at least one.
    context, bars : list of Bar
        M2 bars before the window and in it.
    """

    ib_high: float
    ib_low: float
    eq: float
    ib_range: float
    buffer: float
    reach: float
    window_end: int
    m1: list[Bar]
    context: list[Bar]
    bars: list[Bar]


def read_days(market: Market, session: Session, horizon_minutes: int) -> Iterator[Day]:
    """Return the session dates of a market, ascending."""
    levels = market.session_levels(session, horizon_minutes)
    for index in range(len(levels.date)):
        yield read_day(market, levels, index, horizon_minutes)


def read_day(market: Market, levels: SessionLevels, index: int, horizon_minutes: int) -> Day:
    """Return the session date at an index of the levels of its session."""
    ib_start, ib_end = int(levels.ib_start[index]), int(levels.ib_end[index])
    near = market.bars.between(ib_start, ib_end + horizon_minutes + 1)
    columns = (near.minute, near.minute + 1, near.open, near.high, near.low, near.close)
    m1 = list(map(Bar, *(column.tolist() for column in columns)))
    return Day(date=int(levels.date[index]), ib_start=ib_start, ib_end=ib_end, m1=m1)


def m2_bars(m1: Sequence[Bar]) -> list[Bar]:
    """Return the M2 bars of a span's M1 bars (section 1)."""
    bins: dict[int, list[Bar]] = {}
    for bar in m1:
        bins.setdefault(bar.start - bar.start % 2, []).append(bar)
    if m1 and m1[0].start % 2 == 1:
        del bins[m1[0].start - 1]
    return [_join(start, parts) for start, parts in bins.items()]


def _join(start: int, parts: list[Bar]) -> Bar:
    high = max([bar.high for bar in parts])
    low = min([bar.low for bar in parts])
    return Bar(start, start + 2, parts[0].open, high, low, parts[-1].close)


def setting(day: Day, params: Params, execution: Execution) -> Setting | None:
    """Return levels and bars of a date; None without a range or without bars."""
    balance = [bar for bar in day.m1 if bar.start < day.ib_end]
    ib_high = max([bar.high for bar in balance])
    ib_low = min([bar.low for bar in balance])
    ib_range = ib_high - ib_low
    window_start = day.ib_end + params.ib_wait_minutes
    window_end = window_start + params.trade_window_minutes
    # 7.1: the bar that starts at W1 belongs to the window; 7.2: it does not.
    last_start = window_end if execution.model == "original" else window_end - 1
    m1 = [bar for bar in day.m1 if window_start <= bar.start <= last_start]
    if ib_range <= 0 or not m1:
        return None
    bars = m2_bars(m1)
    if execution.model == "realistic":
        bars = [bar for bar in bars if bar.end <= window_end]
    return Setting(
        ib_high=ib_high,
        ib_low=ib_low,
        eq=(ib_high + ib_low) / 2,
        ib_range=ib_range,
        buffer=params.ib_buffer_pct * ib_range,
        reach=params.max_distance_pct * ib_range,
        window_end=window_end,
        m1=m1,
        context=m2_bars([bar for bar in day.m1 if bar.start < m1[0].start]),
        bars=bars,
    )


def with_distances(of_date: Setting, params: Params) -> Setting:
    """Return levels and bars with the buffer and the reach of other parameters."""
    return replace(
        of_date,
        buffer=params.ib_buffer_pct * of_date.ib_range,
        reach=params.max_distance_pct * of_date.ib_range,
    )
