"""The product's ranking, repeated for many samples of dates over the whole grid.

Each selection ranks all combinations by a weighted sum of metrics, scaled between their extrema
over the eligible combinations of that selection, as `ib_grid.grid.scoring` does for the run
itself. That takes two rounds over the grid, the extrema and then the best, and a third where the
selected combination's rank out of sample is asked for. The results of chunks merge, in any order.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ib_grid.engine.fast.compiled import kernel
from ib_grid.engine.fast.metrics import TRADING_DAYS_PER_YEAR
from ib_grid.errors import ConfigError
from ib_grid.grid.scoring import RankingSettings
from ib_grid.robustness.whole_grid.samples import Sample
from ib_grid.robustness.whole_grid.weighted_sums import LOSS

Weights = NDArray[np.float64]

# Metrics that follow from sums over dates; others depend on the order of trades.
RANKABLE = ("total_r", "sharpe_ratio", "winrate", "total_trades", "avg_trade_r", "sharpe_trades")
NO_COMBINATION = -1


def ranking_weights(ranking: RankingSettings) -> NDArray[np.float64]:
    """Return the weight of each of `RANKABLE`, shape (n_rankable,).

    Raises
    ------
    ConfigError
        If the ranking weighs a metric that does not follow from sums over dates.
    """
    others = [name for name in ranking.weights if name not in RANKABLE]
    if others:
        raise ConfigError(
            f"the robustness tests cannot rank by {', '.join(others)}",
            location="ranking weights",
            expected=f"only {', '.join(RANKABLE)}",
            hint="skip them with --no-robustness, or rank by these metrics",
        )
    return np.array([ranking.weights.get(name, 0.0) for name in RANKABLE])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Extremes:
    """Extrema of each selection over combinations.

    Attributes
    ----------
    low, high : float64 array, shape (n_rankable, n_selections)
        Over the eligible combinations; +inf and −inf without any.
    best_total_r, best_sharpe_ratio : float64 array, shape (n_selections,)
        Over all combinations.
    profitable : int64 array, shape (n_selections,)
        Combinations with a total R above 0.
    """

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    best_total_r: NDArray[np.float64]
    best_sharpe_ratio: NDArray[np.float64]
    profitable: NDArray[np.int64]

    def merge(self, other: Extremes) -> Extremes:
        """Return the extrema over the combinations of both."""
        return Extremes(
            low=np.minimum(self.low, other.low),
            high=np.maximum(self.high, other.high),
            best_total_r=np.maximum(self.best_total_r, other.best_total_r),
            best_sharpe_ratio=np.maximum(self.best_sharpe_ratio, other.best_sharpe_ratio),
            profitable=self.profitable + other.profitable,
        )


def no_extremes(n_selections: int) -> Extremes:
    """Return the extrema over no combination."""
    shape = (len(RANKABLE), n_selections)
    return Extremes(
        low=np.full(shape, np.inf),
        high=np.full(shape, -np.inf),
        best_total_r=np.full(n_selections, -np.inf),
        best_sharpe_ratio=np.full(n_selections, -np.inf),
        profitable=np.zeros(n_selections, np.int64),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Selected:
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

    def merge(self, other: Selected) -> Selected:
        """Return the better of both for each selection."""
        better = (other.score > self.score) | (
            (other.score == self.score)
            & (other.combo_id != NO_COMBINATION)
            & ((self.combo_id == NO_COMBINATION) | (other.combo_id < self.combo_id))
        )
        return Selected(
            **{
                name: np.where(better, getattr(other, name), getattr(self, name))
                for name in Selected.__dataclass_fields__
            }
        )


def none_selected(n_selections: int) -> Selected:
    """Return a selection from no combination."""
    return Selected(
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
    less, equal : int64 array, shape (n_selections,)
        The selected combination itself is among the equal ones.
    """

    less: NDArray[np.int64]
    equal: NDArray[np.int64]

    def merge(self, other: Ranks) -> Ranks:
        """Return the counts over the combinations of both."""
        return Ranks(less=self.less + other.less, equal=self.equal + other.equal)


def extremes(
    samples: Iterable[Sample], n_selections: int, weights: Weights, min_trades: int
) -> Extremes:
    """Return the extrema of each selection over the combinations of some samples."""
    found = no_extremes(n_selections)
    for sample in samples:
        k, sums = sample.selections, sample.in_sample
        _add_extremes(
            sums.total,
            sums.squares,
            sums.hits,
            sums.trades,
            sample.n_dates,
            weights,
            min_trades,
            found.low[:, k],
            found.high[:, k],
            found.best_total_r[k],
            found.best_sharpe_ratio[k],
            found.profitable[k],
        )
    return found


def selected(
    samples: Iterable[Sample],
    extremes: Extremes,
    weights: Weights,
    min_trades: int,
) -> Selected:
    """Return the combination of the highest score for each selection.

    Parameters
    ----------
    samples : iterable of Sample
    extremes : Extremes
        Over all combinations of the grid.
    weights : float64 array
        Those of `ranking_weights`.
    min_trades : int
    """
    found = none_selected(len(extremes.profitable))
    width = extremes.high - extremes.low
    usable = np.isfinite(width) & (width > 0)
    slope = np.where(usable, weights[:, None] / np.where(usable, width, 1.0), 0.0)
    low = np.where(usable, extremes.low, 0.0)
    for sample in samples:
        k, sums = sample.selections, sample.in_sample
        _select(
            sums.first_id,
            sums.total,
            sums.squares,
            sums.hits,
            sums.trades,
            sample.n_dates,
            sample.out_of_sample_r,
            min_trades,
            low[:, k],
            slope[:, k],
            found.combo_id[k],
            found.score[k],
            found.total_r[k],
            found.sharpe_ratio[k],
            found.out_of_sample_r[k],
        )
    return found


def ranks(samples: Iterable[Sample], selected: Selected) -> Ranks:
    """Count the combinations that do worse than, and as well as, the selected one."""
    n = len(selected.combo_id)
    found = Ranks(less=np.zeros(n, np.int64), equal=np.zeros(n, np.int64))
    for sample in samples:
        k = sample.selections
        against = selected.out_of_sample_r[k]
        found.less[k] += np.count_nonzero(sample.out_of_sample_r < against, axis=0)
        found.equal[k] += np.count_nonzero(sample.out_of_sample_r == against, axis=0)
    return found


@kernel
def _ratio(total, squares, n):  # type: ignore[no-untyped-def]
    """Annualised mean over deviation of n values with this sum and sum of squares."""
    if n < 2:
        return 0.0
    mean = total / n
    variance = max((squares - total * mean) / (n - 1), 0.0)
    # The sums are of multiples of 2⁻²⁰: so small a variance is rounding.
    return mean / np.sqrt(variance * (1 / TRADING_DAYS_PER_YEAR)) if variance > 1e-6 else 0.0


@kernel
def _metrics(total, squares, hits, trades, n_dates, values):  # type: ignore[no-untyped-def]
    """Put the metrics of `RANKABLE` into `values`."""
    losses = np.floor(hits / LOSS)
    wins = hits - LOSS * losses
    values[0] = total
    values[1] = _ratio(total, squares, n_dates)
    values[2] = 100.0 * wins / (wins + losses) if wins + losses > 0 else 0.0
    values[3] = trades
    values[4] = total / trades if trades > 0 else 0.0
    values[5] = _ratio(total, squares, trades)


@kernel
def _add_extremes(  # type: ignore[no-untyped-def]
    total, squares, hits, trades, n_dates, weights, min_trades, low, high, best, sharpes, profitable
):
    values = np.empty(len(weights))
    for i in range(total.shape[0]):
        for k in range(total.shape[1]):
            _metrics(total[i, k], squares[i, k], hits[i, k], trades[k], n_dates[k], values)
            best[k] = max(best[k], values[0])
            sharpes[k] = max(sharpes[k], values[1])
            profitable[k] += values[0] > 0
            if trades[k] >= min_trades:
                for m in range(len(weights)):
                    low[m, k] = min(low[m, k], values[m])
                    high[m, k] = max(high[m, k], values[m])


@kernel
def _select(  # type: ignore[no-untyped-def]
    first_id,
    total,
    squares,
    hits,
    trades,
    n_dates,
    out_of_sample_r,
    min_trades,
    low,
    slope,
    combo_id,
    best_score,
    best_total_r,
    best_sharpe,
    best_out_of_sample_r,
):
    values = np.empty(len(low))
    for i in range(total.shape[0]):
        for k in range(total.shape[1]):
            if trades[k] < min_trades:
                continue
            _metrics(total[i, k], squares[i, k], hits[i, k], trades[k], n_dates[k], values)
            score = 0.0
            for m in range(len(low)):
                score += slope[m, k] * (values[m] - low[m, k])
            if score < best_score[k]:
                continue
            if score == best_score[k] and 0 <= combo_id[k] < first_id + i:
                continue
            combo_id[k], best_score[k] = first_id + i, score
            best_total_r[k], best_sharpe[k] = values[0], values[1]
            best_out_of_sample_r[k] = out_of_sample_r[i, k]
