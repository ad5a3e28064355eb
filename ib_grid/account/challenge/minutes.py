"""Simulation of one challenge minute by minute, trade by trade, in plain Python.

It takes any number of symbols on one account. Worst results of one minute are added, although they
need not have come at the same second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from ib_grid.account.challenge.rules import Rules

Result = Literal["pass", "fail", "open"]
Reason = Literal["target", "daily_loss", "max_loss", "max_days", "end"]
Moment = tuple[float, float, float]  # worst, best and last floating result of a minute


@dataclass(frozen=True, slots=True, kw_only=True)
class TradePath:
    """Trade, as the account sees it.

    Attributes
    ----------
    entry_minute : int
        UTC minutes since 1970-01-01.
    profit : float
        Money, costs deducted.
    path : sequence of Moment
        Floating result in each minute from the entry's to the exit's; the last value of the last
        minute is not used.
    """

    entry_minute: int
    profit: float
    path: Sequence[Moment]

    @property
    def last_minute(self) -> int:
        """Minute of the exit."""
        return self.entry_minute + len(self.path) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Outcome of a challenge.

    Attributes
    ----------
    result : {"pass", "fail", "open"}
    reason : str
    calendar_days : int
        Days of the firm from the first to the last, both included.
    trading_days : int
        Days on which a trade was opened.
    equity : float
        At the decision, or at the end of the trades.
    """

    result: Result
    reason: Reason
    calendar_days: int
    trading_days: int
    equity: float


@dataclass(slots=True)
class _State:
    rules: Rules
    balance: float
    peak: float  # that a trailing floor follows
    reference: float  # of the daily floor
    day_start: float  # balance at the start of the day
    day: int
    first_day: int
    floating: dict[int, float] = field(default_factory=dict)
    trading_days: set[int] = field(default_factory=set)
    day_profits: list[float] = field(default_factory=list)
    paused: bool = False
    coasts: bool = False

    @property
    def equity(self) -> float:
        return self.balance + sum(self.floating.values())

    @property
    def total_floor(self) -> float:
        limit = self.rules.max_loss
        initial = self.rules.initial_balance
        base = initial if limit.mode == "static" else self.peak
        floor = base - limit.pct * initial / 100
        if limit.lock_at_pct is None:
            return floor
        return min(floor, initial + limit.lock_at_pct * initial / 100)

    @property
    def daily_floor(self) -> float:
        limit = self.rules.daily_loss
        if limit is None:
            return -np.inf
        base = self.rules.initial_balance if limit.of == "initial" else self.reference
        return self.reference - limit.pct * base / 100


def simulate_minutes(rules: Rules, trades: Sequence[TradePath]) -> Outcome:
    """Simulate a challenge that starts with the first trade.

    Within a minute the worst comes first, then the best, then exits. The higher of two floors is
    met first.

    Parameters
    ----------
    rules : Rules
    trades : sequence of TradePath
        At least one, in the order of their entries.
    """
    minutes = sorted({m for t in trades for m in range(t.entry_minute, t.last_minute + 1)})
    days = rules.clock.dates(np.array(minutes, np.int64)).tolist()
    initial = rules.initial_balance
    state = _State(rules, initial, initial, initial, initial, days[0], days[0])
    entering: dict[int, list[int]] = {}
    for index, trade in enumerate(trades):
        entering.setdefault(trade.entry_minute, []).append(index)
    held: list[int] = []
    for minute, day in zip(minutes, days, strict=True):
        if day != state.day:
            _start_day(state, day)
        if rules.max_days is not None and day - state.first_day >= rules.max_days:
            return _outcome(state, "fail", "max_days", state.equity)
        for index in entering.get(minute, []):
            if not state.paused:
                state.trading_days.add(day)
                held += [] if state.coasts else [index]
        moments = {k: trades[k].path[minute - trades[k].entry_minute] for k in held}
        failed = _meet_floors(state, sum(moment[0] for moment in moments.values()))
        if failed:
            return failed
        if state.paused:
            held = []
        exits = [k for k in held if trades[k].last_minute == minute]
        _follow(state, moments, held)
        for k in exits:
            state.balance += trades[k].profit
        held = [k for k in held if k not in exits]
        state.floating = {k: moments[k][2] for k in held}
        _follow_balance(state)
        if not held and _passes(state):
            return _outcome(state, "pass", "target", state.balance)
    return _outcome(state, "open", "end", state.equity)


def _start_day(state: _State, day: int) -> None:
    if state.rules.max_loss.mode == "trailing_eod":
        state.peak = max(state.peak, state.balance)
    state.day_profits.append(state.balance - state.day_start)
    limit = state.rules.daily_loss
    references = {"balance": state.balance, "equity": state.equity}
    references["higher"] = max(references.values())
    state.reference = references[limit.reference] if limit else state.balance
    state.day_start, state.day, state.paused = state.balance, day, False


def _meet_floors(state: _State, worst: float) -> Outcome | None:
    """Return the failure if the worst of a minute meets a floor, or pause the day."""
    rules, lowest = state.rules, state.balance + worst
    daily, total = state.daily_floor, state.total_floor

    def is_met(floor: float) -> bool:
        return lowest <= floor if rules.breach == "at" else lowest < floor

    if is_met(daily) and daily > total:
        if rules.daily_loss is not None and rules.daily_loss.action == "pause":
            state.balance, state.paused, state.floating = daily, True, {}
            return None
        return _outcome(state, "fail", "daily_loss", lowest)
    if is_met(total):
        return _outcome(state, "fail", "max_loss", lowest)
    if is_met(daily):
        return _outcome(state, "fail", "daily_loss", lowest)
    return None


def _follow(state: _State, moments: dict[int, Moment], held: list[int]) -> None:
    if state.rules.max_loss.mode == "trailing_equity":
        state.peak = max(state.peak, state.balance + sum(moments[k][1] for k in held))


def _follow_balance(state: _State) -> None:
    if state.rules.max_loss.mode in ("trailing_closed", "trailing_equity"):
        state.peak = max(state.peak, state.balance)


def _passes(state: _State) -> bool:
    """Return True if the challenge is passed; note if only days are missing."""
    rules, initial = state.rules, state.rules.initial_balance
    profit = state.balance - initial
    if rules.target_pct is None or profit < rules.target_pct * initial / 100:
        return False
    profits = [*state.day_profits, state.balance - state.day_start]
    good = sum(one >= rules.profit_day_pct * initial / 100 for one in profits)
    if rules.min_profit_days and good < rules.min_profit_days:
        return False
    if rules.best_day_pct is not None and max(profits) * 100 > rules.best_day_pct * profit:
        return False
    if len(state.trading_days) >= rules.min_days:
        return True
    state.coasts = rules.after_target == "coast"
    return False


def _outcome(state: _State, result: Result, reason: Reason, equity: float) -> Outcome:
    return Outcome(
        result=result,
        reason=reason,
        calendar_days=state.day - state.first_day + 1,
        trading_days=len(state.trading_days),
        equity=equity,
    )
