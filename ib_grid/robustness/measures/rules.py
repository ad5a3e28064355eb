"""Picks of other ways to select, fold by fold, over the combinations of a chunk."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ib_grid.engine.fast.compiled import inner_kernel, kernel
from ib_grid.grid.grid import Grid
from ib_grid.robustness.whole_grid.kernels import put_metrics, put_scores, switch_periods, total_of
from ib_grid.robustness.whole_grid.metrics import RANKABLE
from ib_grid.robustness.whole_grid.samples import Samples
from ib_grid.robustness.whole_grid.selection import NO_COMBINATION, Extremes, Ranking
from ib_grid.robustness.whole_grid.streams import Streams
from ib_grid.robustness.whole_grid.weighted_sums import UNIT

HELD_TOGETHER = 100
WORST_OF_PARTS = 4
# In the order of `_put_values`, which has the scores of the ranking after them.
_SINGLE_PICKS = ("total_r", "sharpe_ratio", "plateau", "worst_block")


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
        may_enter: NDArray[np.bool_],
        first_id: int,
        out_of_sample_r: NDArray[np.float64],
    ) -> None:
        """Let the combinations of a setting in; values and R of shape (n_selections, n_exits)."""
        some = np.flatnonzero(may_enter)
        if not len(some):
            return
        value, r = value[some].T, out_of_sample_r[some].T
        order = np.argsort(-value, axis=0, kind="stable")[: len(self.value)]
        here = Top(
            combo_id=first_id + order,
            value=np.take_along_axis(value, order, axis=0),
            out_of_sample_r=np.take_along_axis(r, order, axis=0),
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
    streams: Streams, grid: Grid, samples: Samples, ranking: Ranking, extremes: Extremes
) -> RulePicks:
    """Return what each rule selects from the combinations of a chunk.

    `extremes` are those of `samples` over the whole grid.
    """
    n_held = {**dict.fromkeys(_SINGLE_PICKS, 1), "top_100": HELD_TOGETHER}
    top = {name: no_top(n, len(samples)) for name, n in n_held.items()}
    low, slope = (np.ascontiguousarray(values.T) for values in extremes.slopes(ranking))
    on_plateau, parts, n_dates = plateaus(grid), _parts_of(samples), samples.n_dates(streams)
    sums_of_axes = [np.zeros((n, len(samples)), np.int64) for n in grid.shape]
    values = np.empty((len(top), len(samples), grid.exits_per_setting))
    beyond = np.empty(values.shape[1:])
    for first_id, sums in samples.visits(streams, grid):
        n_trades = samples.in_sample @ sums.trades
        periods = samples.in_sample, samples.out_of_sample, parts
        ranked_by = n_dates, n_trades, low, slope
        _put_values(sums.figures, *periods, *ranked_by, on_plateau, values, beyond)
        eligible, highest = n_trades >= ranking.min_trades, values.max(axis=2)
        for picked, value, most in zip(top.values(), values, highest, strict=True):
            picked.add(value, eligible & (most >= picked.value[-1]), first_id, beyond)
        _add_to_axes(sums_of_axes, grid, first_id, values[0])
    return RulePicks(top=top, axis_sums=tuple(array.astype(object) for array in sums_of_axes))


@kernel
def _put_values(  # type: ignore[no-untyped-def]
    figures,
    inside,
    outside,
    parts,
    n_dates,
    n_trades,
    low,
    slope,
    plateaus,
    values,
    beyond,
):
    """Put what each rule ranks by, and R out of sample, into the last arrays.

    `values` has the shape (n_rules, n_selections, n_exits), `beyond` (n_selections, n_exits).
    """
    others = slope[:, 3:].any()
    sums, before = np.zeros(figures.shape[1:]), np.zeros(inside.shape[1], np.bool_)
    of_part, metrics = np.empty(figures.shape[3]), np.empty((len(RANKABLE), figures.shape[3]))
    for k in range(len(inside)):
        switch_periods(before, inside[k], figures, sums)
        put_metrics(sums, 0, total_of(n_dates, inside[k]), n_trades[k], others, metrics)
        put_scores(metrics, low[k], slope[k], others, values[4, k])
        values[0, k], values[1, k] = metrics[0], metrics[1]
        _put_means(metrics[0], plateaus, values[2, k])
        values[3, k] = np.inf
        for part in range(parts.shape[1]):
            _put_total_r(figures, parts[k, part], of_part)
            for i in range(len(of_part)):
                values[3, k, i] = min(values[3, k, i], of_part[i])
        _put_total_r(figures, outside[k], beyond[k])


@inner_kernel
def _put_means(total_r, plateaus, means):  # type: ignore[no-untyped-def]
    for i in range(len(means)):
        total, n = 0.0, 0
        for place in plateaus[:, i]:
            if place < len(means):
                total += total_r[place]
                n += 1
        means[i] = total / n


@inner_kernel
def _put_total_r(figures, periods, total_r):  # type: ignore[no-untyped-def]
    total_r[:] = 0.0
    for p in range(len(periods)):
        if periods[p]:
            of_period = figures[p, 0, 0]
            for i in range(len(total_r)):
                total_r[i] += of_period[i] / UNIT


def best_values(picks: RulePicks, grid: Grid) -> NDArray[np.int64]:
    """Return the combination of each parameter's best mean total R, shape (n_selections,).

    Every value of an axis has the same number of combinations, so that sums rank as means.
    """
    positions = [
        np.array([max(range(len(s)), key=lambda i: (s[i, k], -i)) for k in range(s.shape[1])])
        for s in picks.axis_sums
    ]
    return np.ravel_multi_index(tuple(positions), grid.shape)


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


def _parts_of(samples: Samples) -> NDArray[np.bool_]:
    """Return the months of each part of a selection, shape (n_selections, n_parts, n_months)."""
    n_parts = min(WORST_OF_PARTS, int(samples.in_sample.sum(axis=1).min()))
    parts = np.zeros((len(samples), n_parts, samples.in_sample.shape[1]), np.bool_)
    for k, inside in enumerate(samples.in_sample):
        for part, months in enumerate(np.array_split(np.flatnonzero(inside), n_parts)):
            parts[k, part, months] = True
    return parts


def _add_to_axes(
    sums: list[NDArray[np.int64]], grid: Grid, first_id: int, total_r: NDArray[np.float64]
) -> None:
    place = np.unravel_index(first_id, grid.shape)
    whole = (UNIT * total_r.T).astype(np.int64)
    cube = whole.reshape(*grid.shape[8:], -1)
    of_setting = whole.sum(axis=0)
    for axis in range(len(grid.shape) - 2):
        sums[axis][place[axis]] += of_setting
    sums[-2] += cube.sum(axis=1)
    sums[-1] += cube.sum(axis=0)
