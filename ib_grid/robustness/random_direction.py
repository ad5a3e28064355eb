"""Random direction: the selection repeated with trade directions decided by coin flips.

Every trade is kept at its moment, and on each date a fair coin, the same for all combinations,
decides whether its direction is kept or turned round. Each draw ranks the whole grid again and
selects again, so the search itself, costs, fills and trade windows are all inside. The p-values
are exact if direction carries no information; a market that only drifted one way counts as skill.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ib_grid.grid.scoring import RankingSettings
from ib_grid.robustness.results import NullComparison, RandomDirection
from ib_grid.robustness.whole_grid.rounds import whole_grid
from ib_grid.robustness.whole_grid.samples import CoinSamples
from ib_grid.runs.source import HasSource, RunSource

DEFAULT_DRAWS = 499


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


def random_direction(
    of: RunSource | HasSource,
    *,
    ranking: RankingSettings | None = None,
    draws: int = DEFAULT_DRAWS,
    seed: int = 0,
) -> RandomDirection:
    """Compare a run's selection with what coin-flipped directions would have selected.

    Parameters
    ----------
    of : RunSource or Run
    ranking : RankingSettings, optional
        By default the ranking that runs use unless told otherwise.
    draws : int
        The smallest possible p is 1 / (1 + draws).
    seed : int

    Returns
    -------
    RandomDirection
        The same to the last bit on every machine.

    Raises
    ------
    ConfigError
        If the ranking weighs a metric that depends on the order of trades.
    DataError
        If a run's bars or calendars are missing or have changed.
    """
    grid = whole_grid(of, ranking)
    # The first draw keeps every direction: the run itself.
    signs = coin_signs(len(grid.dates), draws, seed)
    signs = np.hstack([np.ones((len(signs), 1), np.int8), signs])
    found, best = grid.select(CoinSamples(dates=grid.dates, signs=signs))
    share = found.profitable / len(grid.grid)
    return RandomDirection(
        draws=draws,
        seed=seed,
        selected_total_r=_beside(best.total_r),
        selected_sharpe_ratio=_beside(best.sharpe_ratio),
        best_total_r=_beside(found.best_total_r),
        best_sharpe_ratio=_beside(found.best_sharpe_ratio),
        share_profitable=_beside(share),
    )


def _beside(values: NDArray[np.float64]) -> NullComparison:
    return compare(values[0], values[1:])
