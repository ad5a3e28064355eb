"""Rules of a challenge as values, read from the keys of a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ib_grid.account.challenge.firm_clock import FirmClock
from ib_grid.account.fields import Fields

Of = Literal["initial", "start"]
Reference = Literal["balance", "equity", "higher"]
Mode = Literal["static", "trailing_eod", "trailing_closed", "trailing_equity"]
MODES = ("static", "trailing_eod", "trailing_closed", "trailing_equity")

RULE_KEYS = (
    "daily_loss",
    "max_loss",
    "breach",
    "min_days",
    "after_target",
    "best_day_pct",
    "min_profit_days",
    "max_days",
    "payout",
)
PHASE_KEYS = ("name", "target_pct", *RULE_KEYS)


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyLoss:
    """Daily loss limit.

    The floor is the reference at the start of the day less `pct` percent of the initial balance, or
    of the reference itself (``of="start"``). At the floor the challenge fails, or trading pauses
    until the next day.
    """

    pct: float
    of: Of = "initial"
    reference: Reference = "balance"
    action: Literal["fail", "pause"] = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxLoss:
    """Total loss limit, in percent of the initial balance.

    A trailing floor follows the highest balance at a day's end (``trailing_eod``), the highest
    closed balance, or the highest equity; it stops at `lock_at_pct` percent above the initial
    balance.
    """

    pct: float
    mode: Mode = "static"
    lock_at_pct: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """Payout of a funded account: its interval in days and the trader's share in percent."""

    every_days: int
    split_pct: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Rules of one phase.

    Attributes
    ----------
    name : str
    initial_balance : float
    target_pct : float or None
        Profit target in percent of the initial balance; None in a phase that only has to survive.
    max_loss : MaxLoss
    daily_loss : DailyLoss or None
    breach : {"below", "at"}
        Whether equity breaches a floor below it or already at it.
    clock : FirmClock
    min_days : int
        Minimum number of days on which a trade was opened.
    after_target : {"trade", "coast"}
        Once the target is reached and only days are missing: full risk, or none.
    best_day_pct : float or None
        Largest share of the total profit that the best day may have, in percent.
    min_profit_days : int
        Minimum number of days with a profit of `profit_day_pct` of the initial balance.
    max_days : int or None
        Calendar days after which the challenge has failed.
    """

    name: str = "challenge"
    initial_balance: float
    target_pct: float | None
    max_loss: MaxLoss
    daily_loss: DailyLoss | None = None
    breach: Literal["below", "at"] = "below"
    clock: FirmClock = field(default_factory=lambda: FirmClock("server"))
    min_days: int = 0
    after_target: Literal["trade", "coast"] = "trade"
    best_day_pct: float | None = None
    min_profit_days: int = 0
    profit_day_pct: float = 0.0
    max_days: int | None = None
    payout: Payout | None = None


def read_rules(phase: Fields, initial_balance: float, clock: FirmClock) -> Rules:
    """Return the rules of a phase, whose keys include those that all phases share.

    Raises
    ------
    ConfigError
        If a key is missing or invalid.
    """
    if "max_loss" not in phase:
        raise phase.wrong("max_loss", "a table such as { pct = 10.0, mode = 'static' }")
    profit_days = phase.table("min_profit_days", ("days", "pct"))
    has_profit_days = "min_profit_days" in phase
    return Rules(
        name=phase.text("name"),
        initial_balance=initial_balance,
        target_pct=phase.percent("target_pct") if "target_pct" in phase else None,
        max_loss=_max_loss(phase.table("max_loss", ("pct", "mode", "lock_at_pct"))),
        daily_loss=_daily_loss(phase.table("daily_loss", ("pct", "of", "from", "action")))
        if "daily_loss" in phase
        else None,
        breach=phase.one_of("breach", ("below", "at")),  # type: ignore[arg-type]
        clock=clock,
        min_days=phase.whole("min_days", 0),
        after_target=phase.one_of("after_target", ("trade", "coast"), "trade"),  # type: ignore[arg-type]
        best_day_pct=phase.percent("best_day_pct", fraction=2) if "best_day_pct" in phase else None,
        min_profit_days=profit_days.whole("days", least=1) if has_profit_days else 0,
        profit_day_pct=profit_days.percent("pct", fraction=0.01) if has_profit_days else 0.0,
        max_days=phase.whole("max_days", least=1) if "max_days" in phase else None,
        payout=_payout(phase.table("payout", ("every_days", "split_pct")))
        if "payout" in phase
        else None,
    )


def _daily_loss(keys: Fields) -> DailyLoss:
    return DailyLoss(
        pct=keys.percent("pct"),
        of=keys.one_of("of", ("initial", "start"), "initial"),  # type: ignore[arg-type]
        reference=keys.one_of("from", ("balance", "equity", "higher"), "balance"),  # type: ignore[arg-type]
        action=keys.one_of("action", ("fail", "pause"), "fail"),  # type: ignore[arg-type]
    )


def _max_loss(keys: Fields) -> MaxLoss:
    lock = keys.number("lock_at_pct", zero=True, most=100) if "lock_at_pct" in keys else None
    return MaxLoss(
        pct=keys.percent("pct"),
        mode=keys.one_of("mode", MODES, "static"),  # type: ignore[arg-type]
        lock_at_pct=lock,
    )


def _payout(keys: Fields) -> Payout:
    return Payout(
        every_days=keys.whole("every_days", least=1),
        split_pct=keys.percent("split_pct", fraction=2),
    )
