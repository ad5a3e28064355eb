"""Which parameters matter: exact shares of the variance of a metric over the whole grid."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ib_grid.analysis.axis_values import Factor, factors
from ib_grid.analysis.effects.axis_sums import PlaceSums, place_sums
from ib_grid.grid.grid import Grid
from ib_grid.runs.cubes import Cube
from ib_grid.runs.run import Run, Where, checked_run

_AT_ONCE = 1 << 20

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MainEffect:
    """A parameter's own share of the variance.

    Attributes
    ----------
    factor : Factor
    share_pct : float
        Percent of the variance that lies between its values. For `tsl_sl` between its values
        within each `tsl_target`, for `rev_rb_pct` where it is enabled, so that the shares add up;
        what they leave is interaction. 0 where the metric has one value throughout.
    """

    factor: Factor
    share_pct: float


def main_effects(sums: PlaceSums, grid: Grid) -> tuple[MainEffect, ...]:
    """The main effect of each parameter, from sums over combinations of the grid."""
    found = []
    for factor in factors(grid):
        at = factor.axis
        between = _squares_between(factor, sums.counts[at], sums.sums[at], grid)
        share = 100 * between / sums.squares if sums.squares > 0 else 0.0
        found.append(MainEffect(factor=factor, share_pct=share))
    return tuple(found)


def cube_sums(cube: Cube) -> PlaceSums:
    """The sums over a cube of shape ``grid.shape``, NaN where no combination is there."""
    values = cube.reshape(-1)
    sums = place_sums(cube.shape, np.zeros(0, np.int64), values[:0])
    for first in range(0, len(values), _AT_ONCE):
        block = values[first : first + _AT_ONCE]
        there = np.flatnonzero(~np.isnan(block))
        sums = sums.merge(place_sums(cube.shape, first + there, block[there]))
    return sums


def _squares_between(factor: Factor, counts: NDArray[np.int64], sums: Floats, grid: Grid) -> float:
    """Sum of squares between the means of a factor's values, within those of its parent."""
    groups: tuple[tuple[int, ...], ...] = (tuple(range(len(counts))),)
    if factor.parent:
        groups = next(f for f in factors(grid) if f.name == factor.parent).places
    total = 0.0
    for group in groups:
        inside = [[place for place in places if place in group] for places in factor.places]
        n = np.array([counts[places].sum() for places in inside])
        value_sum = np.array([sums[places].sum() for places in inside])[n > 0]
        n = n[n > 0]
        if len(n):
            total += float((n * (value_sum / n - value_sum.sum() / n.sum()) ** 2).sum())
    return total


def variance_shares(run: Run, metric: str = "total_r", where: Where = None) -> pd.DataFrame:
    """How much of a metric's variance over the grid each parameter makes, alone and in pairs.

    The exact decomposition over all combinations (functional analysis of variance, Sobol' 1993),
    nothing sampled. Where a combination is missing (a run not finished, a condition), cells have
    different numbers of values: main effects are then those between means, which need not add up,
    and pairs and the rest are NaN.

    Parameters
    ----------
    run : Run
    metric : str
        A metric column.
    where : str or Condition, optional
        The combinations that count.

    Returns
    -------
    frame
        Columns ``first``, ``second`` and ``share_pct``, largest share first: a row for each
        parameter with two values or more (``second`` empty; `tsl_sl` within `tsl_target`,
        `rev_rb_pct` where enabled), for each pair of axes, where trailing joins `tsl_target` with
        `tsl_sl` and rebound joins `rev_rb_enabled` with `rev_rb_pct`, and for ``three or more``
        together. Shares add up to 100, or are all 0 where the metric has one value.
    """
    checked_run(run)
    return cube_shares(run.cube(metric, where), run.grid)


def cube_shares(cube: Cube, grid: Grid) -> pd.DataFrame:
    """As `variance_shares`, of a cube of shape ``grid.shape``."""
    sums = cube_sums(cube)
    mains = [e for e in main_effects(sums, grid) if len(e.factor.values) > 1]
    rows = [(e.factor.name, "", e.share_pct) for e in mains]
    pairs = pair_shares(cube, grid, sums)
    rows += [(first, second, share) for (first, second), share in pairs.items()]
    rest = 100 - sum(share for _, _, share in rows) if any(share for _, _, share in rows) else 0.0
    rows.append(("three or more", "", rest))
    frame = pd.DataFrame(rows, columns=["first", "second", "share_pct"])
    return frame.sort_values("share_pct", ascending=False, kind="stable", ignore_index=True)


def pair_shares(cube: Cube, grid: Grid, sums: PlaceSums) -> dict[tuple[str, str], float]:
    """Percent of the variance that each pair of axes makes beyond its main effects; NaN if partial.

    Only axes with two places or more; 0 where the cube has one value throughout.
    """
    names = [name for name, n in zip(grid.axes, grid.shape, strict=True) if n > 1]
    values = cube.reshape([n for n in grid.shape if n > 1])
    if sums.n < values.size:
        return dict.fromkeys(combinations(names, 2), np.nan)
    total = sums.squares / values.size
    alone = [_variance_of_means(values, (axis,), sums.mean) for axis in range(len(names))]
    return {
        (names[i], names[j]): _pct(
            _variance_of_means(values, (i, j), sums.mean) - alone[i] - alone[j], total
        )
        for i, j in combinations(range(len(names)), 2)
    }


def _variance_of_means(values: NDArray[np.float32], kept: tuple[int, ...], mean: float) -> float:
    """Variance over the places of some axes of the mean over all other axes."""
    others = tuple(axis for axis in range(values.ndim) if axis not in kept)
    return float(((values.mean(axis=others, dtype=np.float64) - mean) ** 2).mean())


def _pct(part: float, total: float) -> float:
    return max(100 * part / total, 0.0) if total > 0 else 0.0
