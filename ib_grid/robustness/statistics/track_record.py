"""Sharpe ratio of one combination: how sure it is, and how long a record it needs.

After Bailey and López de Prado, "The Sharpe ratio efficient frontier" (2012).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackRecord:
    """Probability and minimum length of a track record, against a true Sharpe ratio of 0.

    Attributes
    ----------
    sharpe_per_date : float
        Mean over standard deviation of R per date, not annualised.
    probability : float
        Probabilistic Sharpe ratio: that of a true Sharpe ratio above 0.
    minimum_dates : float or None
        Session dates needed for a probability of 95%; None if the Sharpe ratio is not positive.
    """

    sharpe_per_date: float
    probability: float
    minimum_dates: float | None


def track_record(r: NDArray[np.float64]) -> TrackRecord:
    """Return the track record of one combination.

    Parameters
    ----------
    r : float64 array, shape (n_dates,)
        R per session date, 0 on dates without a trade.

    Notes
    -----
    The undefined case, fewer than two dates or no deviation, has a Sharpe ratio of 0 and a
    probability of 0.5.
    """
    deviation = float(np.std(r, ddof=1)) if len(r) > 1 else 0.0
    if deviation < 1e-12:
        return TrackRecord(sharpe_per_date=0.0, probability=0.5, minimum_dates=None)
    sharpe = float(np.mean(r)) / deviation
    around = (r - r.mean()) / np.std(r)
    skew, kurtosis = float(np.mean(around**3)), float(np.mean(around**4))
    spread = 1 - skew * sharpe + (kurtosis - 1) / 4 * sharpe**2
    needed = None
    if sharpe > 0:
        needed = 1 + spread * (NormalDist().inv_cdf(_CONFIDENCE) / sharpe) ** 2
    return TrackRecord(
        sharpe_per_date=sharpe,
        probability=NormalDist().cdf(sharpe * math.sqrt(len(r) - 1) / math.sqrt(spread)),
        minimum_dates=needed,
    )
