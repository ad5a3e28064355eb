"""Execution models and trading costs."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal, get_args

from ib_grid.errors import ConfigError
from ib_grid.errors.validation import finite_number

Model = Literal["realistic", "original"]
MODELS: tuple[Model, ...] = get_args(Model)

REALISTIC = 0
ORIGINAL = 1

# A risk of at most this fraction of `ref` counts as 0: below the tick of any instrument, it is
# rounding, and a trailing step of that size would never reach the market.
# See STRATEGY.md, section 5.
RISK_FLOOR = 1e-7


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

    Raises
    ------
    ConfigError
        If the model is unknown, or a cost is negative or no finite number.
    """

    model: Model = "realistic"
    spread_points: float
    slippage_points: float = 0.0
    commission_points: float = 0.0

    def __post_init__(self) -> None:
        if self.model not in MODELS:
            raise ConfigError(
                f"unknown execution model {self.model!r}", expected=f"one of {', '.join(MODELS)}"
            )
        for name in ("spread_points", "slippage_points", "commission_points"):
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

    def to_dict(self) -> dict[str, str | float]:
        """Return names and values, for a manifest or a fingerprint."""
        return dataclasses.asdict(self)
