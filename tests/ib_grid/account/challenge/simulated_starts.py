"""Start dates simulated one by one, and the rules and trades of tests of faster ways."""

from __future__ import annotations

from typing import Any

import numpy as np

from ib_grid.account.challenge.date_rules import NEVER, DateRules
from ib_grid.account.challenge.dates import outcome_of_start, simulate_trades
from ib_grid.account.challenge.starts import Starts

FREE = DateRules(
    target=NEVER,
    loss=NEVER,
    lock=NEVER,
    daily=NEVER,
    daily_ppm=0,
    at=1,
    trailing=0,
    pause=0,
    coast=0,
    min_days=0,
    min_profit_days=0,
    profit_day=0,
    best_day_pct=0.0,
    max_days=NEVER,
    horizon=NEVER,
)
R = 1_000_000  # of golden cases, in units


def simulated(
    date: np.ndarray, gains: np.ndarray, lows: np.ndarray, calendar: np.ndarray, rules: DateRules
) -> Starts:
    """Simulate every start on its own."""
    starts = Starts(np.empty(len(calendar), np.int8), np.empty(len(calendar), np.int32))
    for start in range(len(calendar)):
        first = int(np.searchsorted(date, start))
        outcome, trade, _ = simulate_trades(gains, lows, first, rules)
        decided = date[trade] if trade < len(date) else len(calendar)
        starts.outcome[start], starts.n_dates[start] = outcome_of_start(
            outcome, decided, start, calendar, rules
        )
    return starts


def starts_of(
    case: dict[str, Any],
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, DateRules]:
    """Return dates with a trade, gains, lows, calendar and rules of a golden case."""
    given = case["input"]
    date = np.array([d for d, r in enumerate(given["r"]) if r is not None])
    gains = np.array([round(R * given["r"][d]) for d in date])
    lows = np.array([round(R * given["worst"][d]) for d in date])
    rules = FREE._replace(
        target=round(R * given["target"]),
        loss=round(R * given["loss"]),
        daily=round(R * given["daily"]),
        at=int(given.get("at", True)),
        trailing=int(given.get("mode", "static") != "static"),
        lock=round(R * given["lock"]) if "lock" in given else NEVER,
        horizon=given.get("horizon", NEVER),
    )
    return date, gains, lows, np.arange(len(given["r"])), rules


def random_rules(random: np.random.Generator) -> DateRules:
    """Return rules that a few small random trades decide."""

    def one_in(n: int) -> bool:
        return bool(random.integers(n) == 0)

    of_start = one_in(3)
    return FREE._replace(
        target=NEVER if one_in(6) else int(random.integers(1, 17)) * R // 2,
        loss=int(random.integers(1, 17)) * R // 2,
        lock=int(random.integers(0, 4)) * R if one_in(5) else NEVER,
        daily=NEVER if of_start or one_in(3) else int(random.integers(1, 5)) * R,
        daily_ppm=int(random.integers(1, 5)) * 10_000 if of_start else 0,
        at=int(one_in(2)),
        trailing=int(one_in(3)),
        pause=int(one_in(4)),
        coast=int(one_in(2)),
        min_days=int(random.integers(0, 6)),
        min_profit_days=int(random.integers(0, 4)),
        profit_day=int(random.integers(0, 2)) * R,
        best_day_pct=float(random.integers(20, 80)) if one_in(3) else 0.0,
        max_days=int(random.integers(3, 40)) if one_in(4) else NEVER,
        horizon=int(random.integers(1, 40)) if one_in(3) else NEVER,
    )
