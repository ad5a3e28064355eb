"""Selections over periods with trade directions decided by coins: a selection per period and draw.

A selection's sums differ from those of the one before by few periods, so only these are added
or taken away. Results are laid out by pair of periods, and by draw within it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ib_grid.engine.fast.compiled import inner_kernel, kernel
from ib_grid.engine.fast.outcomes import NO_OUTCOME
from ib_grid.grid.grid import Grid
from ib_grid.robustness.whole_grid.kernels import add_extremes, count_less, select_best
from ib_grid.robustness.whole_grid.metrics import ratio_factors
from ib_grid.robustness.whole_grid.samples import PeriodSamples
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
from ib_grid.robustness.whole_grid.weighted_sums import N_FIGURES, UNIT, changes, scale_of

_SCALE = scale_of(coin=True)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CoinPeriodSamples:
    """Pairs of periods in and out of sample, each under every draw of the coin.

    Attributes
    ----------
    periods : PeriodSamples
    signs : int8 array, shape (n_dates, n_draws)
    """

    periods: PeriodSamples
    signs: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.periods) * self.signs.shape[1]

    def extremes(self, streams: Streams, grid: Grid, ranking: Ranking) -> Extremes:
        """Return the extrema of each selection over the combinations of a chunk."""
        parts = [no_extremes(self.signs.shape[1]) for _ in range(len(self.periods))]
        found = Extremes(
            **{name: np.stack([getattr(p, name) for p in parts]) for name in _NAMES_OF_EXTREMES}
        )
        n_dates = self._dates(streams)
        for sums, _ in self._visits(streams, grid):
            _extremes(
                sums.figures,
                sums.base,
                sums.trades,
                n_dates,
                self.periods.in_sample,
                ranking.weights,
                ranking.min_trades,
                found.low,
                found.high,
                found.best_total_r,
                found.best_sharpe_ratio,
                found.profitable,
            )
        n = len(self)
        return Extremes(
            low=found.low.transpose(1, 0, 2).reshape(-1, n),
            high=found.high.transpose(1, 0, 2).reshape(-1, n),
            best_total_r=found.best_total_r.reshape(n),
            best_sharpe_ratio=found.best_sharpe_ratio.reshape(n),
            profitable=found.profitable.reshape(n),
        )

    def best(self, streams: Streams, grid: Grid, ranking: Ranking, found: Extremes) -> Best:
        """Return the combination of the highest score for each selection."""
        best = no_best(len(self))
        shape = len(self.periods), self.signs.shape[1]
        low, slope = (
            np.ascontiguousarray(values.reshape(-1, *shape).transpose(1, 0, 2))
            for values in found.slopes(ranking)
        )
        n_dates = self._dates(streams)
        for sums, first_id in self._visits(streams, grid):
            _best(
                first_id,
                sums.figures,
                sums.base,
                sums.trades,
                n_dates,
                self.periods.in_sample,
                self.periods.out_of_sample,
                ranking.min_trades,
                low,
                slope,
                best.combo_id.reshape(shape),
                best.score.reshape(shape),
                best.total_r.reshape(shape),
                best.sharpe_ratio.reshape(shape),
                best.out_of_sample_r.reshape(shape),
            )
        return best

    def ranks(self, streams: Streams, grid: Grid, best: Best) -> Ranks:
        """Count the combinations that do worse out of sample than the selected one, and as well."""
        found = no_ranks(len(self))
        shape = len(self.periods), self.signs.shape[1]
        for sums, _ in self._visits(streams, grid):
            _ranks(
                sums.figures,
                sums.base,
                self.periods.out_of_sample,
                best.out_of_sample_r.reshape(shape),
                found.less.reshape(shape),
                found.equal.reshape(shape),
            )
        return found

    def _dates(self, streams: Streams) -> NDArray[np.float64]:
        """Return the session dates of each period, shape (n_periods,)."""
        period = self.periods.period[np.searchsorted(self.periods.dates, streams.dates)]
        return np.bincount(period, minlength=self.periods.in_sample.shape[1]).astype(np.float64)

    def _visits(self, streams: Streams, grid: Grid) -> Iterator[tuple[_PeriodSums, int]]:
        """Yield the sums of each setting, and the combination of its first exit pair."""
        rows = np.searchsorted(self.periods.dates, streams.dates)
        period, signs = self.periods.period[rows], self.signs[rows].astype(np.float64)
        n_periods, n_exits = self.periods.in_sample.shape[1], streams.r.shape[1]
        traded = (streams.outcome != NO_OUTCOME).astype(np.float64) @ np.eye(n_periods)[period]
        figures = np.zeros((n_periods, N_FIGURES, n_exits, signs.shape[1]))
        base = np.zeros((n_periods, N_FIGURES, n_exits))
        for change in changes(streams, grid, coin=True):
            _add(change.dates, change.weighted, change.constant, period, signs, figures, base)
            first_id = streams.first_id + change.setting * n_exits
            yield _PeriodSums(figures, base, traded[change.setting]), first_id


_NAMES_OF_EXTREMES = tuple(Extremes.__dataclass_fields__)


@dataclass(frozen=True, slots=True, eq=False)
class _PeriodSums:
    """Sums of a setting over each period.

    Attributes
    ----------
    figures : float64 array, shape (n_periods, 3, n_exits, n_draws)
    base : float64 array, shape (n_periods, 3, n_exits)
    trades : float64 array, shape (n_periods,)
    """

    figures: NDArray[np.float64]
    base: NDArray[np.float64]
    trades: NDArray[np.float64]


@inner_kernel
def _add_product(added, signs, to):  # type: ignore[no-untyped-def]
    for k in range(len(signs)):
        to[k] += added * signs[k]


@kernel
def _add(dates, weighted, constant, period, signs, figures, base):  # type: ignore[no-untyped-def]
    """Add the change of a setting to the sums of its periods."""
    for n in range(len(dates)):
        p = period[dates[n]]
        of_date = signs[dates[n]]
        for figure in range(weighted.shape[1]):
            for i in range(weighted.shape[2]):
                base[p, figure, i] += constant[n, figure, i]
                if weighted[n, figure, i] != 0:
                    _add_product(weighted[n, figure, i], of_date, figures[p, figure, i])


@inner_kernel
def _accumulate(values, sign, to):  # type: ignore[no-untyped-def]
    flat, into = values.reshape(-1), to.reshape(-1)
    for k in range(len(flat)):
        into[k] += sign * flat[k]


@inner_kernel
def _go_on(before, now, figures, base, n_figures, sums, constant):  # type: ignore[no-untyped-def]
    """Turn the sums over some periods into those over others."""
    for p in range(len(now)):
        if now[p] != before[p]:
            sign = 1.0 if now[p] else -1.0
            for figure in range(n_figures):
                _accumulate(figures[p, figure], sign, sums[figure])
                _accumulate(base[p, figure], sign, constant[figure])


@inner_kernel
def _total(values, periods):  # type: ignore[no-untyped-def]
    total = 0.0
    for p in range(len(values)):
        if periods[p]:
            total += values[p]
    return total


@kernel
def _extremes(  # type: ignore[no-untyped-def]
    figures,
    base,
    trades,
    n_dates,
    inside,
    weights,
    min_trades,
    low,
    high,
    best,
    sharpes,
    profitable,
):
    n_draws = figures.shape[3]
    sums, constant = np.zeros(figures.shape[1:]), np.zeros(base.shape[1:])
    before = np.zeros(inside.shape[1], np.bool_)
    for k in range(len(inside)):
        _go_on(before, inside[k], figures, base, len(sums), sums, constant)
        before = inside[k]
        n_trades = np.full(n_draws, _total(trades, inside[k]))
        add_extremes(
            sums,
            constant,
            _SCALE,
            n_trades,
            ratio_factors(np.full(n_draws, _total(n_dates, inside[k]))),
            ratio_factors(n_trades),
            weights,
            min_trades,
            low[k],
            high[k],
            best[k],
            sharpes[k],
            profitable[k],
        )


@kernel
def _best(  # type: ignore[no-untyped-def]
    first_id,
    figures,
    base,
    trades,
    n_dates,
    inside,
    outside,
    min_trades,
    low,
    slope,
    combo_id,
    score,
    total_r,
    sharpe,
    out_of_sample_r,
):
    n_draws = figures.shape[3]
    sums, constant = np.zeros(figures.shape[1:]), np.zeros(base.shape[1:])
    before = np.zeros(inside.shape[1], np.bool_)
    exit_pair = np.empty(n_draws, np.int64)
    for k in range(len(inside)):
        _go_on(before, inside[k], figures, base, len(sums), sums, constant)
        before = inside[k]
        n_trades = np.full(n_draws, _total(trades, inside[k]))
        select_best(
            first_id,
            sums,
            constant,
            _SCALE,
            n_trades,
            ratio_factors(np.full(n_draws, _total(n_dates, inside[k]))),
            ratio_factors(n_trades),
            min_trades,
            low[k],
            slope[k],
            combo_id[k],
            score[k],
            total_r[k],
            sharpe[k],
            exit_pair,
        )
        for draw in range(n_draws):
            i = exit_pair[draw]
            if i >= 0:
                total = _total(figures[:, 0, i, draw], outside[k]) + _total(
                    base[:, 0, i], outside[k]
                )
                out_of_sample_r[k, draw] = _SCALE / UNIT * total


@kernel
def _ranks(figures, base, outside, against, less, equal):  # type: ignore[no-untyped-def]
    sums, constant = np.zeros((1, *figures.shape[2:])), np.zeros((1, base.shape[2]))
    before = np.zeros(outside.shape[1], np.bool_)
    for k in range(len(outside)):
        _go_on(before, outside[k], figures, base, len(sums), sums, constant)
        before = outside[k]
        count_less(sums[0], constant[0], _SCALE, against[k], less[k], equal[k])
