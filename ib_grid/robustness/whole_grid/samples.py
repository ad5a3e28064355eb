"""Selections from the combinations of a chunk over samples of dates, also with coin flips."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ib_grid.grid.grid import Grid
from ib_grid.robustness.whole_grid.kernels import count_less, select_best, widen_extremes
from ib_grid.robustness.whole_grid.selection import (
    Best,
    Extremes,
    Ranking,
    Ranks,
    no_best,
    no_extremes,
    no_ranks,
)
from ib_grid.robustness.whole_grid.streams import Streams
from ib_grid.robustness.whole_grid.weighted_sums import N_FIGURES, CarriedSums, changes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Samples:
    """Pairs of periods in and out of sample, each under every draw of a coin if there is one.

    There is a selection for each pair and draw, laid out by pair, and by draw within it.

    Attributes
    ----------
    dates : int64 array, shape (n_dates,)
        Session dates of the grid, days since 1970-01-01.
    period : int64 array, shape (n_dates,)
        Month or block of each date, ascending.
    in_sample, out_of_sample : bool array, shape (n_samples, n_periods)
    signs : int8 array, shape (n_dates, n_draws), or None
        −1 reverses the direction of the trades on a date.
    """

    dates: NDArray[np.int64]
    period: NDArray[np.int64]
    in_sample: NDArray[np.bool_]
    out_of_sample: NDArray[np.bool_]
    signs: NDArray[np.int8] | None = None

    def __len__(self) -> int:
        return len(self.in_sample) * self.n_draws

    @property
    def n_draws(self) -> int:
        """Draws of the coin; 1 without one."""
        return 1 if self.signs is None else self.signs.shape[1]

    def extremes(self, streams: Streams, grid: Grid, ranking: Ranking) -> Extremes:
        """Return the extrema of each selection over the combinations of a chunk."""
        found, n_dates = no_extremes(len(self)), self.n_dates(streams)
        for _, sums in self.visits(streams, grid):
            widen_extremes(
                sums.figures,
                sums.trades,
                self.in_sample,
                n_dates,
                ranking.weights,
                ranking.min_trades,
                found.low,
                found.high,
                found.best_total_r,
                found.best_sharpe_ratio,
                found.profitable,
            )
        return found

    def best(self, streams: Streams, grid: Grid, ranking: Ranking, found: Extremes) -> Best:
        """Return the combination of the highest score for each selection."""
        best, n_dates = no_best(len(self)), self.n_dates(streams)
        low, slope = (np.ascontiguousarray(values.T) for values in found.slopes(ranking))
        for first_id, sums in self.visits(streams, grid):
            select_best(
                first_id,
                sums.figures,
                sums.trades,
                self.in_sample,
                self.out_of_sample,
                n_dates,
                ranking.min_trades,
                low,
                slope,
                best.combo_id,
                best.score,
                best.total_r,
                best.sharpe_ratio,
                best.out_of_sample_r,
            )
        return best

    def ranks(self, streams: Streams, grid: Grid, best: Best) -> Ranks:
        """Count the combinations that do worse out of sample than the selected one, and as well."""
        found = no_ranks(len(self))
        for _, sums in self.visits(streams, grid, n_figures=1):
            against = best.out_of_sample_r
            count_less(sums.figures, self.out_of_sample, against, found.less, found.equal)
        return found

    def visits(
        self, streams: Streams, grid: Grid, n_figures: int = N_FIGURES
    ) -> Iterator[tuple[int, CarriedSums]]:
        """Yield the first combination of each setting, and the setting's sums over each period."""
        rows, n_exits = np.searchsorted(self.dates, streams.dates), streams.r.shape[1]
        heads = np.ones((len(rows), 1), np.bool_) if self.signs is None else self.signs[rows] > 0
        n_periods = self.in_sample.shape[1]
        weights = heads.astype(np.int16)
        sums = CarriedSums(n_exits, self.period[rows], weights, n_periods, n_figures)
        for change in changes(streams, grid, coin=self.signs is not None):
            sums.add(change)
            yield streams.first_id + change.setting * n_exits, sums

    def n_dates(self, streams: Streams) -> NDArray[np.int64]:
        """Return the session dates of each period, shape (n_periods,)."""
        period = self.period[np.searchsorted(self.dates, streams.dates)]
        return np.bincount(period, minlength=self.in_sample.shape[1])


def whole_period(dates: NDArray[np.int64], signs: NDArray[np.int8]) -> Samples:
    """Return all dates as one sample, under every draw of a coin."""
    inside = np.ones((1, 1), np.bool_)
    return Samples(
        dates=dates,
        period=np.zeros(len(dates), np.int64),
        in_sample=inside,
        out_of_sample=~inside,
        signs=signs,
    )
