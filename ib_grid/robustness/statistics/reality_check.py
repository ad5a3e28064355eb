"""Reality check and test of superior predictive ability against a benchmark of 0 R.

Both ask whether the best mean R per date of many combinations could come from a grid that earns
nothing after costs. After White, "A reality check for data snooping" (2000), and Hansen, "A test
for superior predictive ability" (2005), with the stationary bootstrap of Politis and Romano (1994).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DEFAULT_MEAN_BLOCK = 5.0
DEFAULT_RESAMPLES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class RealityCheck:
    """P-values of the best combination; small values speak for a profit after costs.

    Attributes
    ----------
    mean_block : float
        Mean length of a bootstrap block in session dates.
    resamples : int
    statistic : float
        Largest mean R per date in units of its standard error, at least 0.
    reality_check : float
        White's p-value.
    lower, consistent, upper : float
        Hansen's three p-values.
    """

    mean_block: float
    resamples: int
    statistic: float
    reality_check: float
    lower: float
    consistent: float
    upper: float


def bootstrap_counts(
    n_dates: int, n_resamples: int, mean_block: float, seed: int
) -> NDArray[np.int16]:
    """Return how often each date is drawn in each resample, shape (n_dates, n_resamples).

    The stationary bootstrap draws blocks of random length that wrap round at the last date.
    """
    random = np.random.default_rng(seed)
    counts = np.zeros((n_dates, n_resamples), np.int16)
    for resample in range(n_resamples):
        starts = random.random(n_dates) < 1 / mean_block
        starts[0] = True
        first = np.flatnonzero(starts)
        block = np.cumsum(starts) - 1
        drawn = random.integers(n_dates, size=len(first))[block] + np.arange(n_dates) - first[block]
        counts[:, resample] = np.bincount(drawn % n_dates, minlength=n_dates)
    return counts


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Maxima:
    """Largest statistics over combinations, of the data and of each resample; maxima merge.

    Attributes
    ----------
    mean, studentized : float
        Of the data, times √n.
    resampled_mean : float64 array, shape (n_resamples,)
    resampled_studentized : float64 array, shape (3, n_resamples)
        For Hansen's lower, consistent and upper centre.
    """

    mean: float
    studentized: float
    resampled_mean: NDArray[np.float64]
    resampled_studentized: NDArray[np.float64]

    def merge(self, other: Maxima) -> Maxima:
        """Return the maxima over the combinations of both."""
        return Maxima(
            mean=max(self.mean, other.mean),
            studentized=max(self.studentized, other.studentized),
            resampled_mean=np.maximum(self.resampled_mean, other.resampled_mean),
            resampled_studentized=np.maximum(
                self.resampled_studentized, other.resampled_studentized
            ),
        )


def p_values(found: Maxima, mean_block: float) -> RealityCheck:
    """Return the p-values from the largest statistics of all combinations.

    Each is the share of resamples whose largest statistic, at least 0 for Hansen's, reaches that
    of the data.
    """
    statistic = max(found.studentized, 0.0)
    reached = np.maximum(found.resampled_studentized, 0.0) >= statistic
    lower, consistent, upper = (float(share) for share in reached.mean(axis=1))
    return RealityCheck(
        mean_block=mean_block,
        resamples=len(found.resampled_mean),
        statistic=statistic,
        reality_check=float(np.mean(found.resampled_mean >= found.mean)),
        lower=lower,
        consistent=consistent,
        upper=upper,
    )
