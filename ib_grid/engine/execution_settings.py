"""Execution models and trading costs."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ib_grid.engine.spread_by_hour import SpreadByHour, spread_at
from ib_grid.errors import ConfigError
from ib_grid.errors.validation import finite_number
from ib_grid.market.clock import Minutes

Model = Literal["realistic", "original"]
MODELS: tuple[Model, ...] = get_args(Model)

REALISTIC = 0
ORIGINAL = 1

_POINTS = ("spread_points", "slippage_points", "commission_points", "limit_through_points")
_RARE = ("delay_minutes", "limit_through_points", "spread_by_hour")

# A risk of at most this fraction of `ref` counts as 0: below the tick of any instrument, it is
# rounding, and a trailing step of that size would never reach the market.
# See STRATEGY.md, section 5.
RISK_FLOOR = 1e-7


def other_model(model: Model) -> Model:
    """Return the execution model that is not this one.

    >>> other_model("realistic")
    'original'
    """
    return next(other for other in MODELS if other != model)


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """The execution model and the costs of a trade.

    Where the models differ (in full: STRATEGY.md, section 7):

    ===================== ================================== ===================================
    rule                  realistic                          original
    ===================== ================================== ===================================
    trade window          ``[W0, W1)``                       ``[W0, W1]``
    market entry          open of the first bar at or after  close of the signal bar (Reverse:
                          the signal bar's end               of the bar before its entry)
    Reverse               earliest CISD of all groups        CISD of the first group in order
    REV_RB                competes with the others           only on days that have no other
    REV_RB fill           touched by the order's own side    touched by the mid price, filled at
                          of the book, at the level          the level plus half the spread
    prices watched        the position's exit side           mid prices
    stop and target in    stop first                         target first
    one bar
    stop jumped           filled at the open                 filled at the bar's nearest price
    slippage, commission  applied                            not applied
    ===================== ================================== ===================================

    Attributes
    ----------
    model : {"realistic", "original"}
    spread_points : float
        Full spread, in points of price.
    slippage_points : float
        Worsens market entries and every exit but the target's; `realistic` only.
    commission_points : float
        Per round trip; `realistic` only.
    delay_minutes : int
        Minutes by which every entry is late (STRATEGY.md, section 7).
    limit_through_points : float
        Points beyond its level that price has to go before a limit order fills there.
    spread_by_hour : SpreadByHour, optional
        Replaces `spread_points` hour by hour.

    Raises
    ------
    ConfigError
        If the model is unknown, a cost is negative or not finite, or the delay is not a whole
        number of minutes.
    """

    model: Model = "realistic"
    spread_points: float
    slippage_points: float = 0.0
    commission_points: float = 0.0
    delay_minutes: int = 0
    limit_through_points: float = 0.0
    spread_by_hour: SpreadByHour | None = None

    def __post_init__(self) -> None:
        if self.model not in MODELS:
            raise ConfigError(
                f"unknown execution model {self.model!r}", expected=f"one of {', '.join(MODELS)}"
            )
        if type(self.delay_minutes) is not int or self.delay_minutes < 0:
            raise ConfigError(
                f"delay_minutes is {self.delay_minutes!r}", expected="whole minutes, 0 or above"
            )
        for name in _POINTS:
            value = getattr(self, name)
            number = finite_number(value)
            if number is None or number < 0:
                raise ConfigError(f"{name} is {value!r}", expected="0 or above, in points of price")
            object.__setattr__(self, name, number)

    @property
    def model_code(self) -> int:
        """`REALISTIC` or `ORIGINAL`, for the kernels."""
        return MODELS.index(self.model)

    @property
    def half_spread_points(self) -> float:
        """Half the spread: the distance of bid and ask from the mid price."""
        return self.spread_points / 2

    def half_spread_at(self, minute: int) -> float:
        """Half the spread at a UTC minute."""
        by_hour = self.spread_by_hour
        return self.half_spread_points if by_hour is None else spread_at(by_hour, minute) / 2

    def half_spreads(self, minutes: Minutes) -> NDArray[np.float64]:
        """Half the spread at each UTC minute, shape (n,)."""
        if self.spread_by_hour is None:
            return np.full(len(minutes), self.half_spread_points)
        return self.spread_by_hour.at(minutes) / 2

    def to_dict(self) -> dict[str, Any]:
        """Return names and values, for a manifest or a fingerprint.

        The three settings that most runs do not use are left out if they have no effect.
        """
        values = dataclasses.asdict(self)
        if self.spread_by_hour is not None:
            values["spread_by_hour"] = self.spread_by_hour.to_dict()
        return {name: v for name, v in values.items() if v or name not in _RARE}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Execution:
        """Return the execution of `to_dict`; TypeError or ConfigError if invalid."""
        by_hour = values.get("spread_by_hour")
        spread = by_hour and SpreadByHour(clock=by_hour["clock"], points=tuple(by_hour["points"]))
        return cls(**{**values, "spread_by_hour": spread or None})
