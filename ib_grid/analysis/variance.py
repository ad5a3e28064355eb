"""Which parameters matter: exact shares of the variance of a metric over the whole grid."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ib_grid.analysis.cubes import Cube, values_there
from ib_grid.analysis.factors import Factor, factors
from ib_grid.analysis.runs import Run, Where, checked_run
from ib_grid.grid import Grid

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


def main_effects(cube: Cube, grid: Grid) -> tuple[MainEffect, ...]:
    """The main effect of each parameter on a cube of shape ``grid.shape``."""
    counts, sums = zip(*(_by_place(cube, axis) for axis in range(cube.ndim)), strict=True)
    total = _squares_about(cube, sums[0].sum() / max(counts[0].sum(), 1))
    found = []
    for factor in factors(grid):
        between = _squares_between(factor, counts[factor.axis], sums[factor.axis], grid)
        share = 100 * between / total if total > 0 else 0.0
        found.append(MainEffect(factor=factor, share_pct=share))
    return tuple(found)


def _by_place(cube: Cube, axis: int) -> tuple[Floats, Floats]:
    """Number and sum of the values at each place of an axis, shape (n_places,) each."""
    cells = (values_there(cube, (axis, (place,))) for place in range(cube.shape[axis]))
    pairs = np.array([(len(cell), cell.sum(dtype=np.float64)) for cell in cells])
    return pairs[:, 0], pairs[:, 1]


def _squares_about(cube: NDArray[Any], mean: float) -> float:
    """Sum of squares of the values that are there about a value."""
    flat, total = cube.reshape(-1), 0.0
    for first in range(0, len(flat), _AT_ONCE):
        total += float(np.nansum((flat[first : first + _AT_ONCE].astype(np.float64) - mean) ** 2))
    return total


def _squares_between(factor: Factor, counts: Floats, sums: Floats, grid: Grid) -> float:
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
    mains = [e for e in main_effects(cube, grid) if len(e.factor.values) > 1]
    rows = [(e.factor.name, "", e.share_pct) for e in mains]
    pairs = pair_shares(cube, grid)
    rows += [(first, second, share) for (first, second), share in pairs.items()]
    rest = 100 - sum(share for _, _, share in rows) if any(share for _, _, share in rows) else 0.0
    rows.append(("three or more", "", rest))
    frame = pd.DataFrame(rows, columns=["first", "second", "share_pct"])
    return frame.sort_values("share_pct", ascending=False, kind="stable", ignore_index=True)


def pair_shares(cube: Cube, grid: Grid) -> dict[tuple[str, str], float]:
    """Percent of the variance that each pair of axes makes beyond its main effects; NaN if partial.

    Only axes with two places or more; 0 where the cube has one value throughout.
    """
    names = [name for name, n in zip(grid.axes, grid.shape, strict=True) if n > 1]
    values = cube.reshape([n for n in grid.shape if n > 1])
    if np.isnan(values).any():
        return dict.fromkeys(combinations(names, 2), np.nan)
    mean = float(values.mean(dtype=np.float64))
    total = _squares_about(values, mean) / values.size
    alone = [_variance_of_means(values, (axis,), mean) for axis in range(len(names))]
    return {
        (names[i], names[j]): _pct(
            _variance_of_means(values, (i, j), mean) - alone[i] - alone[j], total
        )
        for i, j in combinations(range(len(names)), 2)
    }


def _variance_of_means(values: NDArray[Any], kept: tuple[int, ...], mean: float) -> float:
    """Variance over the places of some axes of the mean over all other axes."""
    others = tuple(axis for axis in range(values.ndim) if axis not in kept)
    return float(((values.mean(axis=others, dtype=np.float64) - mean) ** 2).mean())


def _pct(part: float, total: float) -> float:
    return max(100 * part / total, 0.0) if total > 0 else 0.0
