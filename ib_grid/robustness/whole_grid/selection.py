"""The run's ranking, repeated for many samples of dates: its settings and its results.

Each selection ranks all combinations by a weighted sum of metrics, scaled between their extrema
over the eligible combinations of that selection, as `ib_grid.grid.scoring` does for the run
itself. That takes two rounds over the grid, the extrema and then the best, and a third where the
selected combination's rank out of sample is asked for. The results of chunks merge, in any order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ib_grid.errors import ConfigError
from ib_grid.grid.scoring import RankingSettings
from ib_grid.robustness.whole_grid.metrics import RANKABLE

NO_COMBINATION = -1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ranking:
    """The run's ranking as kernels take it.

    Attributes
    ----------
    weights : float64 array, shape (n_rankable,)
        Of each of `RANKABLE`.
    min_trades : float
        A combination with fewer trades in sample is not ranked.
    """

    weights: NDArray[np.float64]
    min_trades: float


def ranking_of(settings: RankingSettings) -> Ranking:
    """Return a ranking as kernels take it.

    Raises
    ------
    ConfigError
        If the ranking weighs a metric that does not follow from sums over dates.
    """
    others = [name for name in settings.weights if name not in RANKABLE]
    if others:
        raise ConfigError(
            f"the robustness tests cannot rank by {', '.join(others)}",
            location="ranking weights",
            expected=f"only {', '.join(RANKABLE)}",
            hint="rank without these metrics, or skip the tests with --no-robustness",
        )
    weights = np.array([settings.weights.get(name, 0.0) for name in RANKABLE])
    return Ranking(weights=weights, min_trades=float(settings.min_trades))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Extremes:
    """Extrema of each selection over combinations.

    Attributes
    ----------
    low, high : float64 array, shape (n_rankable, n_selections)
        Over the eligible combinations; +inf and −inf without any. Those of metrics without a
        weight are not always there.
    best_total_r, best_sharpe_ratio : float64 array, shape (n_selections,)
        Over all combinations.
    profitable : float64 array, shape (n_selections,)
        Number of combinations with a total R above 0.
    """

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    best_total_r: NDArray[np.float64]
    best_sharpe_ratio: NDArray[np.float64]
    profitable: NDArray[np.float64]

    def merge(self, other: Extremes) -> Extremes:
        """Return the extrema over the combinations of both."""
        return Extremes(
            low=np.minimum(self.low, other.low),
            high=np.maximum(self.high, other.high),
            best_total_r=np.maximum(self.best_total_r, other.best_total_r),
            best_sharpe_ratio=np.maximum(self.best_sharpe_ratio, other.best_sharpe_ratio),
            profitable=self.profitable + other.profitable,
        )

    def slopes(self, ranking: Ranking) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the low of each metric and its weight over its width, (n_rankable, n_selections).

        Both are 0 for a metric with one value throughout, which adds nothing to a score.
        """
        width = self.high - self.low
        usable = np.isfinite(width) & (width > 0)
        slope = np.where(usable, ranking.weights[:, None] / np.where(usable, width, 1.0), 0.0)
        return np.where(usable, self.low, 0.0), slope


def no_extremes(n_selections: int) -> Extremes:
    """Return the extrema over no combination."""
    shape = (len(RANKABLE), n_selections)
    return Extremes(
        low=np.full(shape, np.inf),
        high=np.full(shape, -np.inf),
        best_total_r=np.full(n_selections, -np.inf),
        best_sharpe_ratio=np.full(n_selections, -np.inf),
        profitable=np.zeros(n_selections),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Best:
    """Selected combination of each selection; ties go to the lowest id.

    Attributes
    ----------
    combo_id : int64 array, shape (n_selections,)
        NO_COMBINATION if none is eligible.
    score, total_r, sharpe_ratio : float64 array, shape (n_selections,)
        In sample; −inf, 0 and 0 without a combination.
    out_of_sample_r : float64 array, shape (n_selections,)
        Total R over the dates out of sample; 0 without a combination.
    """

    combo_id: NDArray[np.int64]
    score: NDArray[np.float64]
    total_r: NDArray[np.float64]
    sharpe_ratio: NDArray[np.float64]
    out_of_sample_r: NDArray[np.float64]

    def merge(self, other: Best) -> Best:
        """Return the better of both for each selection."""
        better = (other.score > self.score) | (
            (other.score == self.score)
            & (other.combo_id != NO_COMBINATION)
            & ((self.combo_id == NO_COMBINATION) | (other.combo_id < self.combo_id))
        )
        return Best(
            **{
                name: np.where(better, getattr(other, name), getattr(self, name))
                for name in Best.__dataclass_fields__
            }
        )


def no_best(n_selections: int) -> Best:
    """Return a selection from no combination."""
    return Best(
        combo_id=np.full(n_selections, NO_COMBINATION),
        score=np.full(n_selections, -np.inf),
        total_r=np.zeros(n_selections),
        sharpe_ratio=np.zeros(n_selections),
        out_of_sample_r=np.zeros(n_selections),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ranks:
    """Combinations below and level with the selected one by total R out of sample.

    Attributes
    ----------
    less, equal : float64 array, shape (n_selections,)
        The selected combination itself is among the equal ones.
    """

    less: NDArray[np.float64]
    equal: NDArray[np.float64]

    def merge(self, other: Ranks) -> Ranks:
        """Return the counts over the combinations of both."""
        return Ranks(less=self.less + other.less, equal=self.equal + other.equal)


def no_ranks(n_selections: int) -> Ranks:
    """Return the counts over no combination."""
    return Ranks(less=np.zeros(n_selections), equal=np.zeros(n_selections))
