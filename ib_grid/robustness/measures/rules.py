"""Picks of other ways to select, fold by fold, over the combinations of a chunk."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from ib_grid.grid.grid import Grid
from ib_grid.robustness.whole_grid.kernels import scores_of_setting
from ib_grid.robustness.whole_grid.metrics import RANKABLE
from ib_grid.robustness.whole_grid.samples import PeriodSamples, Sample
from ib_grid.robustness.whole_grid.selection import NO_COMBINATION, Extremes, Ranking
from ib_grid.robustness.whole_grid.streams import Streams
from ib_grid.robustness.whole_grid.weighted_sums import UNIT

HELD_TOGETHER = 100
WORST_OF_PARTS = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Top:
    """Combinations with the highest values of each selection, best first; ties by id.

    Attributes
    ----------
    combo_id : int64 array, shape (n_top, n_selections)
        NO_COMBINATION where there are fewer.
    value, out_of_sample_r : float64 array, shape (n_top, n_selections)
        −inf and 0 where there are fewer.
    """

    combo_id: NDArray[np.int64]
    value: NDArray[np.float64]
    out_of_sample_r: NDArray[np.float64]

    def add(
        self,
        value: NDArray[np.float64],
        eligible: NDArray[np.bool_],
        first_id: int,
        out_of_sample_r: NDArray[np.float64],
    ) -> None:
        """Let the combinations of a setting in; values and R of shape (n_exits, n_selections)."""
        some = np.flatnonzero(eligible & (value.max(axis=0) >= self.value[-1]))
        if not len(some):
            return
        value = value[:, some]
        order = np.argsort(-value, axis=0, kind="stable")[: len(self.value)]
        here = Top(
            combo_id=first_id + order,
            value=np.take_along_axis(value, order, axis=0),
            out_of_sample_r=np.take_along_axis(out_of_sample_r[:, some], order, axis=0),
        )
        before = Top(
            combo_id=self.combo_id[:, some],
            value=self.value[:, some],
            out_of_sample_r=self.out_of_sample_r[:, some],
        )
        after = before.merge(here)
        self.combo_id[:, some], self.value[:, some] = after.combo_id, after.value
        self.out_of_sample_r[:, some] = after.out_of_sample_r

    def merge(self, other: Top) -> Top:
        """Return the top of both."""
        parts = [(t.combo_id, t.value, t.out_of_sample_r) for t in (self, other)]
        combo_id, value, r = (np.concatenate(pair) for pair in zip(*parts, strict=True))
        order = np.lexsort((combo_id, -value), axis=0)[: len(self.combo_id)]
        return Top(
            **{
                name: np.take_along_axis(values, order, axis=0)
                for name, values in (
                    ("combo_id", combo_id),
                    ("value", value),
                    ("out_of_sample_r", r),
                )
            }
        )


def no_top(n_top: int, n_selections: int) -> Top:
    """Return the top of no combination."""
    shape = n_top, n_selections
    return Top(
        combo_id=np.full(shape, NO_COMBINATION),
        value=np.full(shape, -np.inf),
        out_of_sample_r=np.zeros(shape),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RulePicks:
    """What each rule selects.

    Attributes
    ----------
    top : dict of str to Top
        By rule; one combination, or `HELD_TOGETHER`.
    axis_sums : tuple of object arrays, shape (n_values, n_selections)
        Sum of total R in sample over all combinations with each value, in units of 2⁻²⁰; one array
        for each of the grid's axes. Whole numbers of any size.
    """

    top: dict[str, Top]
    axis_sums: tuple[NDArray[np.object_], ...]

    def merge(self, other: RulePicks) -> RulePicks:
        """Return the picks from the combinations of both."""
        return RulePicks(
            top={name: top.merge(other.top[name]) for name, top in self.top.items()},
            axis_sums=tuple(a + b for a, b in zip(self.axis_sums, other.axis_sums, strict=True)),
        )


def rule_picks(
    streams: Streams, grid: Grid, samples: PeriodSamples, ranking: Ranking, extremes: Extremes
) -> RulePicks:
    """Return what each rule selects from the combinations of a chunk.

    `extremes` are those of `samples` over the whole grid.
    """
    slopes = {
        "sharpe_ratio": _only("sharpe_ratio", len(samples)),
        "top_100": extremes.slopes(ranking),
    }
    names = {**dict.fromkeys(("total_r", "sharpe_ratio", "plateau", "worst_block"), 1)}
    top = {name: no_top(n, len(samples)) for name, n in {**names, "top_100": HELD_TOGETHER}.items()}
    outside = samples.out_of_sample.T.astype(np.float64)
    on_plateau = plateaus(grid)
    parts = _parts_of(samples)
    sums_of_axes = [np.zeros((n, len(samples)), np.int64) for n in grid.shape]
    for sums, sample in samples.visits(streams, grid, at_once=len(samples)):
        total = sample.figures[0]
        values = {
            **{name: _scores(sample, *slope) for name, slope in slopes.items()},
            "total_r": total,
            "plateau": _means_of_plateaus(total, on_plateau),
            "worst_block": _worst(sums.figures[0], parts),
        }
        eligible = sample.trades >= ranking.min_trades
        beyond = (sums.figures[0] @ outside) / UNIT
        for name, value in values.items():
            top[name].add(value, eligible, sample.first_id, beyond)
        _add_to_axes(sums_of_axes, grid, sample.first_id, total)
    return RulePicks(top=top, axis_sums=tuple(array.astype(object) for array in sums_of_axes))


def best_values(picks: RulePicks, grid: Grid) -> NDArray[np.int64]:
    """Return the combination of each parameter's best mean total R, shape (n_selections,).

    Every value of an axis has the same number of combinations, so that sums rank as means.
    """
    positions = [
        np.array([max(range(len(s)), key=lambda i: (s[i, k], -i)) for k in range(s.shape[1])])
        for s in picks.axis_sums
    ]
    return np.ravel_multi_index(tuple(positions), grid.shape)


def _only(name: str, n_selections: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lows and slopes with which a score is this metric."""
    slope = np.zeros((len(RANKABLE), n_selections))
    slope[RANKABLE.index(name)] = 1.0
    return np.zeros_like(slope), slope


def _scores(
    sample: Sample, low: NDArray[np.float64], slope: NDArray[np.float64]
) -> NDArray[np.float64]:
    figures, base, trades = sample.figures, sample.base, sample.trades
    return scores_of_setting(
        figures, base, sample.scale, trades, sample.dates, sample.per_trade, low, slope
    )


def plateaus(grid: Grid) -> NDArray[np.int64]:
    """Return the exit pairs on the plateau of each, shape (n_on_plateau, n_exits).

    A plateau is a pair itself and those one step away on one of the axes rr_target, tsl_target
    and tsl_sl; ``n_exits`` where there is none.
    """
    axes = (grid.rr_target, grid.tsl_target, grid.tsl_sl)
    steps = [{value: step for step, value in enumerate(sorted(axis))} for axis in axes]
    pairs = [(rr, *trailing) for rr in grid.rr_target for trailing in grid.trailing]
    places = [tuple(step[v] for step, v in zip(steps, pair, strict=True)) for pair in pairs]
    pair_at = {place: pair for pair, place in enumerate(places)}
    moves = [(0, 0, 0), (-1, 0, 0), (1, 0, 0), (0, -1, 0), (0, 1, 0), (0, 0, -1), (0, 0, 1)]
    return np.array(
        [
            [pair_at.get((i + di, j + dj, k + dk), len(pairs)) for i, j, k in places]
            for di, dj, dk in moves
        ]
    )


def _means_of_plateaus(
    total: NDArray[np.float64], plateaus: NDArray[np.int64]
) -> NDArray[np.float64]:
    padded = np.vstack([total, np.zeros((1, total.shape[1]))])
    sums = sum((padded[pairs] for pairs in plateaus), np.zeros_like(total))
    return np.asarray(sums / (plateaus < len(total)).sum(axis=0)[:, None])


def _parts_of(samples: PeriodSamples) -> NDArray[np.float64]:
    """Return the months of each part of a selection, shape (n_months, n_parts, n_selections)."""
    n_parts = min(WORST_OF_PARTS, int(samples.in_sample.sum(axis=1).min()))
    parts = np.zeros((samples.in_sample.shape[1], n_parts, len(samples)))
    for k, inside in enumerate(samples.in_sample):
        for part, months in enumerate(np.array_split(np.flatnonzero(inside), n_parts)):
            parts[months, part, k] = 1.0
    return parts


def _worst(total: NDArray[np.float64], parts: NDArray[np.float64]) -> NDArray[np.float64]:
    of_parts = total @ parts.reshape(len(parts), -1)
    return of_parts.reshape(len(total), *parts.shape[1:]).min(axis=1)


def _add_to_axes(
    sums: list[NDArray[np.int64]], grid: Grid, first_id: int, total: NDArray[np.float64]
) -> None:
    place = np.unravel_index(first_id, grid.shape)
    whole = total.astype(np.int64)
    cube = whole.reshape(*grid.shape[8:], -1)
    of_setting = whole.sum(axis=0)
    for axis in range(len(grid.shape) - 2):
        sums[axis][place[axis]] += of_setting
    sums[-2] += cube.sum(axis=1)
    sums[-1] += cube.sum(axis=0)


def merged(parts: list[RulePicks]) -> RulePicks:
    """Return the picks from the combinations of all parts."""
    return reduce(RulePicks.merge, parts)
