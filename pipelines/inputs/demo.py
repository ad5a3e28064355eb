"""Synthetic one-minute bars of a year, for trying ib-grid.

A random walk in whole ticks, shaped like an index: busiest around the openings, with calm and
nervous weeks, trending days, overnight gaps and a few missing minutes. The same seed gives the same
bars everywhere: all numbers come from the raw output of PCG64, which numpy never changes, by
operations that every processor rounds alike.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ib_grid.market import clock
from ib_grid.market.bars import Bars, write_bars
from ib_grid.market.instruments import GER40
from pipelines.config import default_paths

DEMO_SYMBOL = GER40.symbol
DEMO_YEAR = 2024
DEMO_SEED = 42

TICK_POINTS = 0.25
_TICKS_PER_POINT = 4
_FIRST_PRICE_POINTS = 16_800
_STEPS = 6  # prices within a minute
_ROOT_STEPS = 2.449489742783178  # of _STEPS
_CLOSED = ("01-01", "05-01", "12-25", "12-26")
_MINUTES = 960  # 07:00 to 23:00
# Standard deviation of a minute's move in points, from each clock hour on.
_POINTS_BY_HOUR = (2.0, 4.5, 7.5, 5.5, 4.8, 4.2, 4.0, 4.6, 6.0, 6.2, 4.4, 2.8, 2.4, 2.4, 2.6, 1.2)
_GAP_POINTS = 55.0
_CALM, _NERVOUS = 0.5, 2.2
_MISSING_ONE_IN = 700
_OUTAGE_DAYS_ONE_IN = 40


class _Days(NamedTuple):
    """Properties of each day; arrays of shape (n_days,)."""

    volatility: NDArray[np.float64]  # factor of the day's moves, about 1
    gap_points: NDArray[np.float64]  # from the close of the day before
    drift: NDArray[np.float64]  # of a trend, in standard deviations of a minute's move
    trend_start: NDArray[np.int64]  # minutes after 07:00
    trend_end: NDArray[np.int64]


def write_demo_bars(folder: Path) -> Path:
    """Write the demo's bars into a folder, under the name that `prepare` gives bars."""
    path = default_paths.bars_file(DEMO_SYMBOL, folder)
    write_bars(path, demo_bars(), symbol=DEMO_SYMBOL)
    return path


def demo_bars(*, year: int = DEMO_YEAR, seed: int = DEMO_SEED) -> Bars:
    """Return synthetic bars of GER40 for a year, 07:00 to 23:00 Berlin, Monday to Friday."""
    random = np.random.PCG64(seed)
    dates = _trading_dates(year)
    days = _days(random, len(dates))
    prices = _prices(random, days)
    minute = clock.local_to_utc_minutes(dates, "07:00", GER40.timezone)[:, None]
    minute = (minute + np.arange(_MINUTES)).ravel()
    bars = Bars(
        minute=minute,
        open=prices[:, 0].copy(),
        high=prices.max(axis=1),
        low=prices.min(axis=1),
        close=prices[:, -1].copy(),
    )
    return bars.take(_is_there(random, len(dates)))


def _trading_dates(year: int) -> NDArray[np.int64]:
    dates = np.arange(f"{year}-01-01", f"{year + 1}-01-01", dtype="datetime64[D]")
    closed = np.array([f"{year}-{day}" for day in _CLOSED], "datetime64[D]")
    return dates[np.is_busday(dates, holidays=closed)].astype(np.int64)


def _uniform(random: np.random.PCG64, n: int) -> NDArray[np.float64]:
    """Return numbers from 0 to below 1, shape (n,)."""
    return (random.random_raw(n) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _normal(random: np.random.PCG64, n: int) -> NDArray[np.float64]:
    """Return nearly normal numbers, shape (n,): sums of four uniform ones, mean 0, variance 1."""
    raw = random.random_raw(n)
    parts = [(raw >> np.uint64(shift)) & np.uint64(0xFFFF) for shift in (0, 16, 32, 48)]
    total = (parts[0] + parts[1] + parts[2] + parts[3]).astype(np.float64)
    return (total - 131_070.0) / 37_837.2


def _days(random: np.random.PCG64, n_days: int) -> _Days:
    volatility = _volatility(_normal(random, n_days))
    trends = _uniform(random, n_days) < 0.4
    strength = 0.02 + 0.06 * _uniform(random, n_days)
    direction = np.where(_uniform(random, n_days) < 0.52, 1.0, -1.0)
    trend_start = (60 + 120 * _uniform(random, n_days)).astype(np.int64)
    length = (90 + 240 * _uniform(random, n_days)).astype(np.int64)
    return _Days(
        volatility=volatility,
        gap_points=_GAP_POINTS * volatility * _normal(random, n_days),
        drift=np.where(trends, strength * direction, 0.0),
        trend_start=trend_start,
        trend_end=trend_start + length,
    )


def _volatility(shocks: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return daily volatility factors; calm and nervous times persist."""
    factors, factor = [], 1.0
    for shock in shocks:
        factor = min(max(0.85 * factor + 0.14 + 0.2 * float(shock), _CALM), _NERVOUS)
        factors.append(factor)
    return np.array(factors)


def _prices(random: np.random.PCG64, days: _Days) -> NDArray[np.float64]:
    """Return prices within each minute, in points, shape (n_days * 960, _STEPS)."""
    n_days = len(days.drift)
    points = np.repeat(np.array(_POINTS_BY_HOUR), 60) * days.volatility[:, None]
    per_step = (points * (_TICKS_PER_POINT / _ROOT_STEPS))[:, :, None]
    noise = _normal(random, n_days * _MINUTES * _STEPS).reshape(n_days, _MINUTES, _STEPS)
    minute = np.arange(_MINUTES)
    trending = (minute >= days.trend_start[:, None]) & (minute < days.trend_end[:, None])
    drift = np.where(trending, days.drift[:, None], 0.0)[:, :, None] / _ROOT_STEPS
    ticks = np.rint((noise + drift) * per_step).astype(np.int64)
    ticks[:, 0, 0] += np.rint(days.gap_points * _TICKS_PER_POINT).astype(np.int64)
    walk = np.cumsum(ticks.ravel()) + _FIRST_PRICE_POINTS * _TICKS_PER_POINT
    return np.asarray(walk.reshape(-1, _STEPS) * TICK_POINTS, dtype=np.float64)


def _is_there(random: np.random.PCG64, n_days: int) -> NDArray[np.bool_]:
    """Return a mask of the minutes with a bar, shape (n_days * 960,); some outages last longer."""
    there = _uniform(random, n_days * _MINUTES) >= 1 / _MISSING_ONE_IN
    outage = _uniform(random, n_days) < 1 / _OUTAGE_DAYS_ONE_IN
    start = (_MINUTES * _uniform(random, n_days)).astype(np.int64)
    length = (5 + 30 * _uniform(random, n_days)).astype(np.int64)
    minute = np.arange(_MINUTES)
    hit = (minute >= start[:, None]) & (minute < (start + length)[:, None]) & outage[:, None]
    return there & ~hit.ravel()
