"""Dates made by hand, for one rule each (STRATEGY.md, sections 2 to 7).

The Initial Balance is 08:00 to 08:30 Berlin, IBH 1010, IBL 1000, EQ 1005. Unless a test says
otherwise the buffer is 1 and the reach 10 points, the window has 20 minutes from the Initial
Balance's end, there is no trailing, no REV_RB and no spread. Minutes count from the window's start
(that of the Initial Balance's end). A date is a list of M1 bars: a number is a close (its open the
close before), a tuple open, high, low and close, None a minute without a bar.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pytest

from ib_grid.grid.params import Params
from ib_grid.market.bars import Bars
from ib_grid.market.instruments import GER40
from ib_grid.market.market import Market, build_market
from ib_grid.news.filter import NewsFilter

OHLC = tuple[float, float, float, float]
Minute = float | OHLC | None

SESSION = GER40.sessions[0]
IB_END = 28_552_710  # 2024-04-15 08:30 Berlin, minutes since 1970-01-01 UTC
FLAT_BALANCE: tuple[Minute, ...] = ((1005, 1010, 1000, 1005), *[1005] * 29)
# ends with a bearish M2 bar with the low 1007, what Reverse needs before an upper sweep
BEARISH_BALANCE: tuple[Minute, ...] = (*FLAT_BALANCE[:28], (1008, 1008, 1007, 1007), 1007)
# ends with a bullish M2 bar with the high 1003, what it needs before a lower one
BULLISH_BALANCE: tuple[Minute, ...] = (*FLAT_BALANCE[:28], (1002, 1003, 1002, 1003), 1003)

PARAMS = Params(
    ib_start="08:00",
    ib_end="08:30",
    ib_timezone="Europe/Berlin",
    ib_wait_minutes=0,
    trade_window_minutes=20,
    rr_target=1,
    stop_mode="eq",
    tsl_target=0,
    tsl_sl=0.5,
    min_sl_pct=0,
    rev_rb_enabled=False,
    rev_rb_pct=0.5,
    ib_buffer_pct=0.1,
    max_distance_pct=1,
)


class Trade(NamedTuple):
    """A trade with its minutes counted from the end of the Initial Balance."""

    variation: str
    direction: str
    entry: int
    price: float
    stop: float
    target: float
    exit: int
    exit_price: float
    reason: str
    r: float
    ambiguous: bool


Run = Callable[..., "Trade | None"]


def market_of(balance: Sequence[Minute], window: Sequence[Minute], fill_to: int) -> Market:
    """Bars of the date; after the window's list the last close goes on to minute `fill_to`."""
    minutes = [*balance, *window]
    rows, close = [], 1005.0
    for place in range(30 + max(fill_to + 1, len(window))):
        item = minutes[place] if place < len(minutes) else close
        if item is None:
            continue
        if not isinstance(item, tuple):
            item = (close, max(close, item), min(close, item), item)
        close = item[3]
        rows.append((IB_END - 30 + place, *item))
    minute, *prices = (np.array(column) for column in zip(*rows, strict=True))
    names = ("open", "high", "low", "close")
    columns = {n: p.astype(np.float64) for n, p in zip(names, prices, strict=True)}
    return build_market(Bars(minute=minute, **columns), (SESSION,), 60)


def trade_of(row) -> Trade:
    """Return a row of the frame of trades as a `Trade`."""
    moments = {n: int(row[f"{n}_time"].timestamp()) // 60 - IB_END for n in ("entry", "exit")}
    return Trade(
        variation=row["variation"],
        direction=row["direction"],
        entry=moments["entry"],
        price=row["entry_price"],
        stop=row["stop"],
        target=row["target"],
        exit=moments["exit"],
        exit_price=row["exit_price"],
        reason=row["exit_reason"],
        r=row["r"],
        ambiguous=bool(row["ambiguous"]),
    )


def close_to(*values: object) -> Trade:
    """Return a trade whose numbers compare within 1e-9."""
    return Trade(*(pytest.approx(v, abs=1e-9) if isinstance(v, float) else v for v in values))


def event(*minutes: int, before: int = 0, after: int = 0) -> NewsFilter:
    """Events at minutes of the window."""
    events = np.array([IB_END + minute for minute in minutes])
    return NewsFilter(events=events, before_minutes=before, after_minutes=after)


both_models = pytest.mark.parametrize("model", ["realistic", "original"])

# The breakout that most tests of exits start from: EQ touched, close 1012 in the first M2 bar.
OCAE_LONG = [1006, 1012]
OCAE_SHORT = [1004, 998]

# The sweeps that a Reverse starts from.
SWEEP: tuple[Minute, ...] = ((1007, 1010.5, 1007, 1009), 1009)
LOWER_SWEEP: tuple[Minute, ...] = ((1003, 1003, 999.5, 1001), 1001)

# a reach of 0 leaves neither OCAE nor TCWE
REBOUND: dict[str, object] = {"rev_rb_enabled": True, "max_distance_pct": 0, "spread": 1}
ARMED: tuple[Minute, ...] = ((1005, 1015, 1005, 1014), 1014)
