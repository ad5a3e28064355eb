"""Random direction: the selection repeated with trade directions decided by coin flips.

Every trade is kept at its moment, and on each date a fair coin, the same for all combinations,
decides whether its direction is kept or turned round. Each draw ranks the whole grid again and
selects again, so the search itself, costs, fills and trade windows are all inside. The p-values
are exact if direction carries no information; a market that only drifted one way counts as skill.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DEFAULT_DRAWS = 499


@dataclass(frozen=True, slots=True, kw_only=True)
class NullComparison:
    """An observed figure beside the same figure under coin-flipped trade directions.

    Attributes
    ----------
    observed : float
    null_median, null_95 : float
        Median and 95th percentile over the draws.
    p : float
        (1 + draws that reach the observed value) / (1 + draws). Exact if direction carries no
        information.
    null : tuple of float
        Value of each draw.
    """

    observed: float
    null_median: float
    null_95: float
    p: float
    null: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomDirection:
    """The run's selection beside selections in which coins decide the direction of trades.

    Attributes
    ----------
    draws, seed : int
    selected_total_r, selected_sharpe_ratio : NullComparison
        Of the combination that the ranking selects.
    best_total_r, best_sharpe_ratio : NullComparison
        Highest value of any combination; `null_95` is what a result needs to be believed.
    share_profitable : NullComparison
        Share of combinations with a total R above 0.
    """

    draws: int
    seed: int
    selected_total_r: NullComparison
    selected_sharpe_ratio: NullComparison
    best_total_r: NullComparison
    best_sharpe_ratio: NullComparison
    share_profitable: NullComparison


def compare(observed: float, null: NDArray[np.float64]) -> NullComparison:
    """Compare an observed figure with its draws, shape (n_draws,).

    Examples
    --------
    >>> compare(3.0, np.array([1.0, 2.0, 3.0])).p
    0.5
    """
    return NullComparison(
        observed=float(observed),
        null_median=float(np.median(null)),
        null_95=float(np.quantile(null, 0.95)),
        p=float((1 + np.count_nonzero(null >= observed)) / (1 + len(null))),
        null=tuple(null.tolist()),
    )


def coin_signs(n_dates: int, n_draws: int, seed: int) -> NDArray[np.int8]:
    """Return fair coins, one per date and draw, shape (n_dates, n_draws): 1 or −1."""
    random = np.random.default_rng(seed)
    return (2 * random.integers(0, 2, size=(n_draws, n_dates), dtype=np.int8) - 1).T
