"""Selections from the combinations of a chunk over samples of dates: coin draws, or periods."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ib_grid.engine.fast.outcomes import NO_OUTCOME
from ib_grid.grid.grid import Grid
from ib_grid.robustness.whole_grid.kernels import add_extremes, count_less, select_best
from ib_grid.robustness.whole_grid.metrics import ratio_factors
from ib_grid.robustness.whole_grid.selection import (
    Best,
    Extremes,
    Ranking,
    Ranks,
    joined,
    no_best,
    no_extremes,
    no_ranks,
)
from ib_grid.robustness.whole_grid.streams import Streams
from ib_grid.robustness.whole_grid.weighted_sums import (
    UNIT,
    CarriedSums,
    changes,
    scale_of,
)

# Selections that are ranked together: more would not fit into the processor's cache.
SELECTIONS_AT_ONCE = 256


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sample:
    """Combinations of one setting over some of the selections.

    `figures`, `base`, `scale`, `trades` and `dates` are as `kernels` takes them.

    Attributes
    ----------
    selections : slice
        Which of all selections.
    first_id : int
        Combination of the first exit pair; the ids of the others follow.
    """

    selections: slice
    first_id: int
    figures: NDArray[np.float64]
    base: NDArray[np.float64]
    scale: float
    trades: NDArray[np.float64]
    dates: NDArray[np.float64]

    @property
    def per_trade(self) -> NDArray[np.float64]:
        """`ratio_factors` of the number of trades."""
        return ratio_factors(self.trades)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CoinSamples:
    """All dates, with trade directions decided by coins: a selection per draw.

    Attributes
    ----------
    dates : int64 array, shape (n_dates,)
        Session dates of the grid, days since 1970-01-01.
    signs : int8 array, shape (n_dates, n_draws)
    """

    dates: NDArray[np.int64]
    signs: NDArray[np.int8]

    def __len__(self) -> int:
        return self.signs.shape[1]

    def extremes(self, streams: Streams, grid: Grid, ranking: Ranking) -> Extremes:
        """Return the extrema of each draw over the combinations of a chunk."""
        return _extremes(self._visits(streams, grid), len(self), ranking)

    def best(self, streams: Streams, grid: Grid, ranking: Ranking, found: Extremes) -> Best:
        """Return the combination of the highest score for each draw."""
        selecting = _Selecting(len(self), ranking, found)
        for sample in self._visits(streams, grid):
            selecting.add(sample)
        return selecting.best

    def _visits(self, streams: Streams, grid: Grid) -> Iterator[Sample]:
        signs = self.signs[np.searchsorted(self.dates, streams.dates)].astype(np.float64)
        groups = _groups(len(self))
        n_exits = streams.r.shape[1]
        carried = [CarriedSums(n_exits, np.ascontiguousarray(signs[:, k])) for k in groups]
        dates = [ratio_factors(np.full(k.stop - k.start, float(len(signs)))) for k in groups]
        n_trades = streams.n_trades
        for change in changes(streams, grid, coin=True):
            for k, sums, factors in zip(groups, carried, dates, strict=True):
                sums.add(change)
                yield Sample(
                    selections=k,
                    first_id=streams.first_id + change.setting * n_exits,
                    figures=sums.figures,
                    base=sums.base,
                    scale=scale_of(coin=True),
                    trades=np.full(k.stop - k.start, float(n_trades[change.setting])),
                    dates=factors,
                )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PeriodSamples:
    """Periods in sample and others out of sample: a selection per pair of both.

    Attributes
    ----------
    dates : int64 array, shape (n_dates,)
        Session dates of the grid, days since 1970-01-01.
    period : int64 array, shape (n_dates,)
        Month or block of each date.
    in_sample, out_of_sample : bool array, shape (n_selections, n_periods)
    """

    dates: NDArray[np.int64]
    period: NDArray[np.int64]
    in_sample: NDArray[np.bool_]
    out_of_sample: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.in_sample)

    def extremes(self, streams: Streams, grid: Grid, ranking: Ranking) -> Extremes:
        """Return the extrema of each selection over the combinations of a chunk."""
        visits = (sample for _, sample in self.visits(streams, grid))
        return _extremes(visits, len(self), ranking)

    def best(self, streams: Streams, grid: Grid, ranking: Ranking, found: Extremes) -> Best:
        """Return the combination of the highest score for each selection."""
        selecting = _Selecting(len(self), ranking, found)
        outside = self.out_of_sample.astype(np.float64)
        for sums, sample in self.visits(streams, grid):
            exit_pair = selecting.add(sample)
            better = np.flatnonzero(exit_pair >= 0)
            if len(better):
                selection = sample.selections.start + better
                total = sums.figures[0, exit_pair[better]] * outside[selection]
                selecting.best.out_of_sample_r[selection] = total.sum(axis=1) / UNIT
        return selecting.best

    def ranks(self, streams: Streams, grid: Grid, best: Best) -> Ranks:
        """Count the combinations that do worse out of sample than the selected one, and as well."""
        found = no_ranks(len(self))
        outside = [self.out_of_sample[k].T.astype(np.float64) for k in _groups(len(self))]
        base = np.zeros(streams.r.shape[1])
        for _, sums in self._sums(streams, grid):
            for k, mask in zip(_groups(len(self)), outside, strict=True):
                # Exact: whole numbers, whatever the order in which BLAS adds them.
                total, against = sums.figures[0] @ mask, best.out_of_sample_r[k]
                count_less(total, base, 1.0, against, found.less[k], found.equal[k])
        return found

    def _sums(self, streams: Streams, grid: Grid) -> Iterator[tuple[int, CarriedSums]]:
        """Yield each setting with its sums of every period."""
        sums = CarriedSums(streams.r.shape[1], self._weights(streams))
        for change in changes(streams, grid, coin=False):
            sums.add(change)
            yield change.setting, sums

    def visits(
        self, streams: Streams, grid: Grid, at_once: int = SELECTIONS_AT_ONCE
    ) -> Iterator[tuple[CarriedSums, Sample]]:
        """Yield the sums of each setting over every period, and samples of so many selections."""
        weights = self._weights(streams)
        groups = _groups(len(self), at_once)
        inside = [self.in_sample[k].T.astype(np.float64) for k in groups]
        dates = [ratio_factors(weights.sum(axis=0) @ mask) for mask in inside]
        traded = (streams.outcome != NO_OUTCOME).astype(np.float64) @ weights
        n_exits = streams.r.shape[1]
        base = np.zeros((3, n_exits))
        for setting, sums in self._sums(streams, grid):
            flat = sums.figures.reshape(-1, weights.shape[1])
            for k, mask, factors in zip(groups, inside, dates, strict=True):
                yield (
                    sums,
                    Sample(
                        selections=k,
                        first_id=streams.first_id + setting * n_exits,
                        figures=(flat @ mask).reshape(3, n_exits, -1),
                        base=base,
                        scale=1.0,
                        trades=traded[setting] @ mask,
                        dates=factors,
                    ),
                )

    def _weights(self, streams: Streams) -> NDArray[np.float64]:
        period = self.period[np.searchsorted(self.dates, streams.dates)]
        return np.eye(self.in_sample.shape[1])[period]


def _groups(n: int, at_once: int = SELECTIONS_AT_ONCE) -> list[slice]:
    return [slice(first, min(first + at_once, n)) for first in range(0, n, at_once)]


def _extremes(visits: Iterator[Sample], n_selections: int, ranking: Ranking) -> Extremes:
    # An array for each group: kernels are fast on contiguous ones.
    groups = {k.start: no_extremes(k.stop - k.start) for k in _groups(n_selections)}
    for sample in visits:
        found = groups[sample.selections.start]
        add_extremes(
            sample.figures,
            sample.base,
            sample.scale,
            sample.trades,
            sample.dates,
            sample.per_trade,
            ranking.weights,
            ranking.min_trades,
            found.low,
            found.high,
            found.best_total_r,
            found.best_sharpe_ratio,
            found.profitable,
        )
    return joined(list(groups.values()))


class _Selecting:
    """The best combinations so far of each selection."""

    def __init__(self, n_selections: int, ranking: Ranking, extremes: Extremes) -> None:
        self.best = no_best(n_selections)
        self._min_trades = ranking.min_trades
        low, slope = extremes.slopes(ranking)
        contiguous = np.ascontiguousarray
        self._scaling = {
            k.start: (contiguous(low[:, k]), contiguous(slope[:, k])) for k in _groups(n_selections)
        }

    def add(self, sample: Sample) -> NDArray[np.int64]:
        """Keep better combinations; return the exit pairs of new ones, −1 elsewhere."""
        k, best = sample.selections, self.best
        exit_pair = np.empty(len(sample.trades), np.int64)
        select_best(
            sample.first_id,
            sample.figures,
            sample.base,
            sample.scale,
            sample.trades,
            sample.dates,
            sample.per_trade,
            self._min_trades,
            *self._scaling[k.start],
            best.combo_id[k],
            best.score[k],
            best.total_r[k],
            best.sharpe_ratio[k],
            exit_pair,
        )
        return exit_pair
