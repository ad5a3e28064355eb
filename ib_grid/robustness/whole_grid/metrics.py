"""Ranking metrics of one combination from sums over dates.

The formulas are those of `ib_grid.engine.fast.metrics`, written without branches, so that the
compiler can vectorise loops over many combinations.
"""

from __future__ import annotations

import numpy as np

from ib_grid.engine.fast.compiled import inner_kernel
from ib_grid.engine.fast.metrics import TRADING_DAYS_PER_YEAR
from ib_grid.robustness.whole_grid.weighted_sums import LOSS

# Metrics that follow from sums over dates; others depend on the order of trades.
RANKABLE = ("total_r", "sharpe_ratio", "winrate", "total_trades", "avg_trade_r", "sharpe_trades")
# The sums are of multiples of 2⁻²⁰: a smaller variance is rounding.
_LEAST_VARIANCE = 1e-6


@inner_kernel
def ratio_factors(n):  # type: ignore[no-untyped-def]
    """Return what `mean_over_deviation` needs for so many values."""
    inverse = 1.0 / n if n > 0 else 0.0
    annual = TRADING_DAYS_PER_YEAR * (n - 1.0) if n > 1 else 0.0
    return inverse, annual, _LEAST_VARIANCE * (n - 1.0) if n > 1 else np.inf


@inner_kernel
def mean_over_deviation(total, squares, inverse, annual, least):  # type: ignore[no-untyped-def]
    """Return the annualised Sharpe ratio; 0 where it is undefined."""
    mean = total * inverse
    around_mean = squares - total * mean
    ratio = mean * np.sqrt(annual / around_mean)
    return ratio if around_mean > least else 0.0


@inner_kernel
def winrate_of(hits):  # type: ignore[no-untyped-def]
    """Return the win rate in percent; 0 where it is undefined."""
    losses = np.floor(hits * (1.0 / LOSS))
    wins = hits - LOSS * losses
    n = wins + losses
    rate = 100.0 * wins / n
    return rate if n > 0 else 0.0
