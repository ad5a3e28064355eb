"""Hypothesis strategies: small synthetic markets that reach the edges of the rules.

Prices move in coarse ticks within few of them, so that they hit levels, stops and targets exactly;
minutes are missing, markets pause and jump; the dates lie around the clock changes.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from hypothesis import strategies as st

from ib_grid.engine.execution_settings import MODELS, Execution
from ib_grid.engine.spread_by_hour import SpreadByHour
from ib_grid.grid.grid import Grid
from ib_grid.grid.params import STOP_MODES, Params
from ib_grid.market import clock
from ib_grid.market.bars import Bars
from ib_grid.market.instruments import GER40, XAUUSD, Session
from ib_grid.market.market import Market, build_market
from ib_grid.news.filter import NO_NEWS, NewsFilter

SESSIONS = (
    *GER40.sessions,
    *XAUUSD.sessions,
    # across the clock changes, and with windows past midnight
    Session(ib_start="01:30", ib_end="02:30", ib_timezone="Europe/Berlin"),
    Session(ib_start="23:00", ib_end="23:30", ib_timezone="Europe/Berlin"),
)
# Of zones that change their clocks at other dates, one in the other half of the year.
OTHER_ZONES = (
    Session(ib_start="09:30", ib_end="10:30", ib_timezone="America/New_York"),
    Session(ib_start="23:29", ib_end="23:59", ib_timezone="Australia/Sydney"),
)
ALL_SESSIONS = (*SESSIONS, *OTHER_ZONES)
FIRST_DATES = (
    dt.date(2024, 3, 29),
    dt.date(2024, 10, 25),
    dt.date(2024, 6, 3),
    dt.date(2024, 3, 8),
    dt.date(2024, 11, 1),
    dt.date(2024, 4, 5),
)

# Values of each axis, those of the grids and stranger ones.
AXES: dict[str, tuple[object, ...]] = {
    "ib_wait_minutes": (0, 1, 5, 15),
    "trade_window_minutes": (1, 21, 60, 61, 75, 90),
    "rr_target": (0.25, 0.5, 1.0, 1.5, 2.0),
    "stop_mode": STOP_MODES,
    "tsl_target": (0.0, 0.25, 0.5, 1.0),
    "tsl_sl": (0.25, 0.5, 1.0, 1.5, 2.5),
    "min_sl_pct": (0.0, 0.0005, 0.002),
    "rev_rb_enabled": (True, False),
    "rev_rb_pct": (0.0, 0.25, 0.5, 1.0),
    "ib_buffer_pct": (0.0, 0.05, 0.1, 0.2),
    "max_distance_pct": (0.25, 0.5, 1.0, 1.5),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Parameters of a random market: tick size in points, moves in ticks, and probabilities."""

    tick: float
    step: int
    wick: int
    pull: float
    jump: float
    missing: float
    outage: float


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A made-up market of one session, as what it is made from: the same values, the same bars.

    Attributes
    ----------
    dates : tuple of int
        Local dates, days since 1970-01-01; the first has an Initial Balance.
    """

    session: Session
    dates: tuple[int, ...]
    seed: int
    shape: Shape
    horizon_minutes: int = 105

    @cached_property
    def bars(self) -> Bars:
        """Bars from shortly before each session to shortly after the horizon."""
        rng = np.random.default_rng(self.seed)
        starts, ends = self.balances()
        parts = [
            _minutes(rng, self.shape, start - 3, end + self.horizon_minutes + 3)
            for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
        ]
        return random_walk(rng, self.shape, np.union1d(np.concatenate(parts), starts[:1]))

    @cached_property
    def market(self) -> Market:
        """Market of the bars."""
        return self.market_of(self.bars)

    def market_of(self, bars: Bars) -> Market:
        """Return the market of other bars for the same session."""
        return build_market(bars, (self.session,), self.horizon_minutes)

    def balances(self) -> tuple[clock.Minutes, clock.Minutes]:
        """`ib_start` and `ib_end` of the dates, UTC minutes."""
        dates, session = np.array(self.dates), self.session
        return (
            clock.local_to_utc_minutes(dates, session.ib_start, session.ib_timezone),
            clock.local_to_utc_minutes(dates, session.ib_end, session.ib_timezone),
        )


def shapes() -> st.SearchStrategy[Shape]:
    """Draw calm to wild markets, also with 0.1 as tick, which binary cannot represent."""
    return st.builds(
        Shape,
        tick=st.sampled_from((5.0, 1.0, 0.1)),
        step=st.integers(1, 5),
        wick=st.integers(0, 3),
        pull=st.sampled_from((0.0, 0.05, 0.2)),
        jump=st.sampled_from((0.0, 0.02, 0.1)),
        missing=st.sampled_from((0.0, 0.05, 0.3)),
        outage=st.sampled_from((0.0, 0.5)),
    )


@st.composite
def scenes(draw) -> Scene:
    """Draw two to six dates of a session."""
    first = (draw(st.sampled_from(FIRST_DATES)) - dt.date(1970, 1, 1)).days
    return Scene(
        session=draw(st.sampled_from(ALL_SESSIONS)),
        dates=tuple(range(first, first + draw(st.integers(2, 6)))),
        seed=draw(st.integers(0, 2**32 - 1)),
        shape=draw(shapes()),
    )


def _minutes(rng: np.random.Generator, shape: Shape, first: int, end: int) -> clock.Minutes:
    """Return minutes of a date without some single ones and perhaps a longer gap."""
    minute = np.arange(first, end)
    there = rng.random(len(minute)) >= shape.missing
    if rng.random() < shape.outage:
        pause, length = rng.integers(len(minute)), rng.integers(1, 40)
        there[pause : pause + length] = False
    return minute[there]


def random_walk(rng: np.random.Generator, shape: Shape, minute: clock.Minutes) -> Bars:
    """Return a random walk in ticks at these minutes that sometimes returns to its start."""
    n = len(minute)
    step = rng.integers(-shape.step, shape.step + 1, n)
    jump = np.where(rng.random(n) < shape.jump, rng.integers(-20, 21, n), 0)
    pulled = rng.random(n) < shape.pull
    opens, closes = np.zeros(n, np.int64), np.zeros(n, np.int64)
    price = 0
    for i in range(n):
        opens[i] = price + jump[i]
        closes[i] = opens[i] // 2 if pulled[i] else opens[i] + step[i]
        price = closes[i]
    highs = np.maximum(opens, closes) + rng.integers(0, shape.wick + 1, n)
    lows = np.minimum(opens, closes) - rng.integers(0, shape.wick + 1, n)
    prices = [(4_000 + ticks) * shape.tick for ticks in (opens, highs, lows, closes)]
    return Bars(
        minute=minute.astype(np.int64),
        **dict(zip(("open", "high", "low", "close"), prices, strict=True)),
    )


def params(session: Session) -> st.SearchStrategy[Params]:
    """Draw combinations of a session, ignoring the pruning rules."""
    return st.builds(
        Params,
        ib_start=st.just(session.ib_start),
        ib_end=st.just(session.ib_end),
        ib_timezone=st.just(session.ib_timezone),
        **{name: st.sampled_from(values) for name, values in AXES.items()},
    )


@st.composite
def grids(draw, sessions: tuple[Session, ...], max_wide: int = 3) -> Grid:
    """Draw grids with two or three values on at most `max_wide` axes and one on the others."""
    wide = draw(st.sets(st.sampled_from(sorted(AXES)), max_size=max_wide))
    axes = {}
    for name, values in AXES.items():
        sizes = {"min_size": 2, "max_size": 3} if name in wide else {"min_size": 1, "max_size": 1}
        axes[name] = tuple(draw(st.lists(st.sampled_from(values), unique=True, **sizes)))
    return Grid(sessions=sessions, **axes)


def any_grids() -> st.SearchStrategy[Grid]:
    """Draw grids of one or two sessions with several values on at most five axes."""
    sessions = st.lists(st.sampled_from(SESSIONS), min_size=1, max_size=2, unique=True).map(tuple)
    return sessions.flatmap(lambda chosen: grids(chosen, max_wide=5))


def executions(models: tuple[str, ...] = MODELS) -> st.SearchStrategy[Execution]:
    """Draw execution models and costs, zero costs included."""
    return st.builds(
        Execution,
        model=st.sampled_from(models),
        spread_points=st.sampled_from((0.0, 0.2, 1.0, 1.5)),
        slippage_points=st.sampled_from((0.0, 0.1, 1.0)),
        commission_points=st.sampled_from((0.0, 0.3)),
        delay_minutes=st.sampled_from((0, 0, 0, 1, 2, 7)),
        limit_through_points=st.sampled_from((0.0, 0.0, 0.3)),
        spread_by_hour=st.none() | spreads_by_hour(),
    )


def spreads_by_hour() -> st.SearchStrategy[SpreadByHour]:
    """Draw spreads that change from hour to hour."""
    spreads = st.sampled_from(((0.0, 1.0), (0.5, 3.0, 1.5), (2.0,)))
    return st.builds(
        SpreadByHour,
        clock=st.sampled_from(("UTC", "Europe/Berlin", "America/New_York+7", "UTC+5:30")),
        points=spreads.map(lambda some: (some * 24)[:24]),
    )


def news_filters(bars: Bars) -> st.SearchStrategy[NewsFilter]:
    """Draw no filter, or up to ten events at minutes of the bars."""
    return st.just(NO_NEWS) | st.builds(
        NewsFilter,
        events=st.lists(st.sampled_from(bars.minute.tolist()), max_size=10),
        before_minutes=st.integers(0, 10),
        after_minutes=st.integers(0, 10),
    )
