"""Reality check and test of superior predictive ability against a benchmark of 0 R.

Both ask whether the best mean R per date of many combinations could come from a grid that earns
nothing after costs. After White, "A reality check for data snooping" (2000), and Hansen, "A test
for superior predictive ability" (2005), with the stationary bootstrap of Politis and Romano (1994).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ib_grid.errors import ConfigError

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


def autocovariance_weights(n_dates: int, mean_block: float) -> NDArray[np.float64]:
    """Return the weight of each lag in the long-run variance, shape (n_dates,).

    Lag 0 counts once, lag i twice with κ_i = (n−i)/n · (1−q)^i + i/n · (1−q)^(n−i), q = 1 / mean
    block (Politis and Romano 1994; Hansen 2005, section 3).
    """
    lag, stay = np.arange(n_dates), 1 - 1 / mean_block
    kernel = (n_dates - lag) / n_dates * stay**lag + lag / n_dates * stay ** (n_dates - lag)
    kernel[0] = 0.5
    return 2 * kernel


def long_run_deviation(r: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the deviation ω of each combination's mean, shape (n_combinations,).

    Parameters
    ----------
    r : float64 array, shape (n_dates, n_combinations)
    weights : float64 array, shape (n_dates,)
        Those of `autocovariance_weights`.
    """
    n_dates = len(r)
    around_mean = r - r.mean(axis=0)
    variance = np.zeros(r.shape[1])
    for lag, weight in enumerate(weights):
        products = around_mean[: n_dates - lag] * around_mean[lag:]
        variance += weight * products.sum(axis=0) / n_dates
    return np.sqrt(np.maximum(variance, 0.0))


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


def maxima(
    mean: NDArray[np.float64],
    deviation: NDArray[np.float64],
    resampled: NDArray[np.float64],
    n_dates: int,
) -> Maxima:
    """Return the largest statistics of some combinations.

    Parameters
    ----------
    mean, deviation : float64 array, shape (n_combinations,)
        Mean R per date, and its long-run deviation; a deviation of 0 gives a statistic of 0.
    resampled : float64 array, shape (n_resamples, n_combinations)
        Mean R per date of each resample.
    n_dates : int
    """
    root = math.sqrt(n_dates)
    inverse = np.divide(root, deviation, out=np.zeros_like(deviation), where=deviation > 0)
    threshold = -math.sqrt(2 * math.log(math.log(n_dates)))
    centres = (
        np.maximum(mean, 0.0),
        np.where(mean * inverse >= threshold, mean, 0.0),
        mean,
    )
    studentized = [np.max((resampled - centre) * inverse, axis=1) for centre in centres]
    return Maxima(
        mean=float(np.max(mean)) * root,
        studentized=float(np.max(mean * inverse)),
        resampled_mean=np.max(resampled - mean, axis=1) * root,
        resampled_studentized=np.stack(studentized),
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


def reality_check(
    r: NDArray[np.float64],
    *,
    resamples: int = DEFAULT_RESAMPLES,
    mean_block: float = DEFAULT_MEAN_BLOCK,
    seed: int = 0,
) -> RealityCheck:
    """Test whether the best of some combinations earns more than 0 R per date after costs.

    Parameters
    ----------
    r : float64 array, shape (n_dates, n_combinations)
        R per session date of every combination that was tried, 0 on dates without a trade. A
        selection of the best ones makes the p-values too small.
    resamples : int
    mean_block : float
        Mean length of a bootstrap block in session dates.
    seed : int

    Raises
    ------
    ConfigError
        If there are fewer than 3 dates.
    """
    n_dates = len(r)
    if n_dates < 3:
        raise ConfigError(f"a reality check of {n_dates} session dates", expected="at least 3")
    counts = bootstrap_counts(n_dates, resamples, mean_block, seed).astype(np.float64)
    deviation = long_run_deviation(r, autocovariance_weights(n_dates, mean_block))
    found = maxima(r.mean(axis=0), deviation, counts.T @ r / n_dates, n_dates)
    return p_values(found, mean_block)
