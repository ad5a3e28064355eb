"""Rules of a phase in whole numbers, as the kernels by date take them.

Money is counted in hundred-millionths of the initial balance. Sums of whole numbers are exact, so
that reaching a limit is the same in every order of summation.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ib_grid.account.challenge.rules import Rules
from ib_grid.errors import ConfigError

UNIT = 100_000_000  # the initial balance
PPM = 1_000_000
NEVER = 1 << 60
PASSED, FAILED, OPEN = 0, 1, 2


class DateRules(NamedTuple):
    """Rules by date; amounts in units, NEVER where there is no limit.

    Attributes
    ----------
    target, loss, lock : int
        Amounts above the initial balance; `lock` is the highest floor.
    daily : int
        Daily loss as an amount.
    daily_ppm : int
        Daily loss in millionths of the balance at the day's start; 0 if it is an amount.
    at, trailing, pause, coast : int
        0 or 1.
    min_days, min_profit_days : int
    profit_day : int
    best_day_pct : float
        0 without a best-day rule.
    max_days : int
        Calendar days.
    horizon : int
        Session dates after which a challenge counts as open.
    """

    target: int
    loss: int
    lock: int
    daily: int
    daily_ppm: int
    at: int
    trailing: int
    pause: int
    coast: int
    min_days: int
    min_profit_days: int
    profit_day: int
    best_day_pct: float
    max_days: int
    horizon: int


def date_rules(rules: Rules, horizon: int | None = None) -> DateRules:
    """Return the rules of a phase for combinations with one trade per date.

    Raises
    ------
    ConfigError
        If the floor trails the equity, whose highest value within a date is not known.
    """
    total, daily = rules.max_loss, rules.daily_loss
    if total.mode == "trailing_equity":
        raise ConfigError(
            "a floor that trails the equity needs the highest floating result of every trade, and"
            " trades have only the lowest",
            location="max_loss.mode of the rules",
            expected="static, trailing_eod or trailing_closed",
            hint="a copy of the file with trailing_closed gives an upper bound of the odds",
        )
    of_start = daily is not None and daily.of == "start"
    return DateRules(
        target=NEVER if rules.target_pct is None else _units(rules.target_pct),
        loss=_units(total.pct),
        lock=NEVER if total.lock_at_pct is None else _units(total.lock_at_pct),
        daily=NEVER if daily is None or of_start else _units(daily.pct),
        daily_ppm=round(daily.pct * PPM / 100) if daily is not None and of_start else 0,
        at=int(rules.breach == "at"),
        trailing=int(total.mode != "static"),
        pause=int(daily is not None and daily.action == "pause"),
        coast=int(rules.after_target == "coast"),
        min_days=rules.min_days,
        min_profit_days=rules.min_profit_days,
        profit_day=_units(rules.profit_day_pct),
        best_day_pct=rules.best_day_pct or 0.0,
        max_days=rules.max_days or NEVER,
        horizon=horizon or NEVER,
    )


def _units(pct: float) -> int:
    return round(pct * UNIT / 100)


def in_units(share: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return shares of the initial balance in units."""
    return np.rint(share * UNIT).astype(np.int64)
