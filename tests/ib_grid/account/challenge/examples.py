"""Rules and trades of tests, as short as the golden cases write them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ib_grid.account.challenge.firm_clock import FirmClock
from ib_grid.account.challenge.minutes import TradePath
from ib_grid.account.challenge.rules import DailyLoss, MaxLoss, Rules


def rules_of(given: dict[str, Any]) -> Rules:
    """Return rules from the keys of a golden case."""
    clock, daily, profit = given["clock"], given.get("daily_loss"), given.get("min_profit_days")
    same = ("initial_balance", "target_pct", "breach", "min_days", "best_day_pct")
    return Rules(
        **{name: given[name] for name in same if name in given},
        clock=FirmClock(clock["zone"], clock.get("starts_at", "00:00")),
        max_loss=MaxLoss(**given["max_loss"]),
        daily_loss=_daily(**daily) if daily else None,
        min_profit_days=profit["days"] if profit else 0,
        profit_day_pct=profit["pct"] if profit else 0.0,
    )


def _daily(pct: float, of: Any, action: Any = "fail", **reference: Any) -> DailyLoss:
    return DailyLoss(pct=pct, of=of, reference=reference["from"], action=action)


def minute_of(text: str) -> int:
    """Return the UTC minute of a text such as 2024-01-08T09:00Z."""
    return int(np.datetime64(text.removesuffix("Z"), "m").astype(np.int64))


def trade_of(given: dict[str, Any]) -> TradePath:
    """Return a trade from the keys of a golden case."""
    path = [tuple(moment) for moment in given["path"]]
    return TradePath(entry_minute=minute_of(given["entry"]), profit=given["profit"], path=path)


def one_minute(day: int, profit: float, worst: float, best: float | None = None) -> TradePath:
    """Return a trade of one minute at noon of a day."""
    top = max(profit, 0.0) if best is None else best
    return TradePath(entry_minute=day * 1440 + 720, profit=profit, path=[(worst, top, profit)])
