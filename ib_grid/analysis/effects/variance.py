"""Variance shares: the part of a metric's spread that each parameter explains."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ib_grid.analysis.axis_values import Factor, factors
from ib_grid.grid.grid import Grid
from ib_grid.runs.cubes import Cube
from ib_grid.runs.run import Run, Where, checked_run

_BLOCK = 1 << 20

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AxisSums:
    """Counts and sums of a metric by axis position, and its spread over the grid.

    Attributes
    ----------
    counts, sums : tuple of int64 and of float64 array, shape (n_positions,)
        For each axis of the grid.
    mean : float
        0 without values.
    squares : float
        Sum of squared deviations from the mean.
    """

    counts: tuple[NDArray[np.int64], ...]
    sums: tuple[Floats, ...]
    n: int
    mean: float
    squares: float


def axis_sums(cube: Cube) -> AxisSums:
    """Return the axis sums of a cube of shape ``grid.shape``, NaN where a value is missing."""
    is_present = ~np.isnan(cube)
    values = np.where(is_present, cube, np.float32(0))
    others = [tuple(i for i in range(cube.ndim) if i != axis) for axis in range(cube.ndim)]
    n = int(np.count_nonzero(is_present))
    mean = float(values.sum(dtype=np.float64)) / n if n else 0.0
    return AxisSums(
        counts=tuple(is_present.sum(axis=rest, dtype=np.int64) for rest in others),
        sums=tuple(values.sum(axis=rest, dtype=np.float64) for rest in others),
        n=n,
        mean=mean,
        squares=_squares(cube.reshape(-1), mean),
    )


def _squares(values: NDArray[np.float32], mean: float) -> float:
    """Return the sum of squared deviations, in blocks to bound the float64 copies."""
    total = 0.0
    for first in range(0, len(values), _BLOCK):
        deviation = values[first : first + _BLOCK].astype(np.float64) - mean
        total += float(np.nansum(deviation**2))
    return total


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MainEffect:
    """A parameter's own share of the variance.

    Attributes
    ----------
    share_pct : float
        Percent of the variance that lies between the parameter's values: for `tsl_sl` within each
        `tsl_target`, for `rev_rb_pct` where REV_RB is enabled, so that shares add up and the
        remainder is interaction. 0 for a constant metric.
    """

    factor: Factor
    share_pct: float


def main_effects(sums: AxisSums, grid: Grid) -> tuple[MainEffect, ...]:
    """Return the main effect of each parameter of the grid."""
    found = []
    for factor in factors(grid):
        at = factor.axis
        between = _squares_between(factor, sums.counts[at], sums.sums[at], grid)
        share = 100 * between / sums.squares if sums.squares > 0 else 0.0
        found.append(MainEffect(factor=factor, share_pct=share))
    return tuple(found)


def _squares_between(factor: Factor, counts: NDArray[np.int64], sums: Floats, grid: Grid) -> float:
    """Return the sum of squares between the means of a factor's values, within its parent's."""
    groups: tuple[tuple[int, ...], ...] = (tuple(range(len(counts))),)
    if factor.parent:
        groups = next(f for f in factors(grid) if f.name == factor.parent).positions
    total = 0.0
    for group in groups:
        inside = [[p for p in positions if p in group] for positions in factor.positions]
        n = np.array([counts[positions].sum() for positions in inside])
        value_sum = np.array([sums[positions].sum() for positions in inside])[n > 0]
        n = n[n > 0]
        if len(n):
            total += float((n * (value_sum / n - value_sum.sum() / n.sum()) ** 2).sum())
    return total


def variance_shares(run: Run, metric: str = "total_r", where: Where = None) -> pd.DataFrame:
    """Return the share of a metric's variance that each parameter explains, alone and in pairs.

    The decomposition is exact, over all combinations (functional analysis of variance, Sobol'
    1993). If combinations are missing (an unfinished run, a condition), cells differ in size: main
    effects are then between means and need not add up, and pairs and the rest are NaN.

    Parameters
    ----------
    run : Run
    metric : str
        A metric column.
    where : str or Condition, optional
        Combinations to include.

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
    """Return `variance_shares` of a cube of shape ``grid.shape``."""
    sums = axis_sums(cube)
    mains = [e for e in main_effects(sums, grid) if len(e.factor.values) > 1]
    rows = [(e.factor.name, "", e.share_pct) for e in mains]
    pairs = pair_shares(cube, grid, sums)
    rows += [(first, second, share) for (first, second), share in pairs.items()]
    rest = 100 - sum(share for _, _, share in rows) if any(share for _, _, share in rows) else 0.0
    rows.append(("three or more", "", rest))
    frame = pd.DataFrame(rows, columns=["first", "second", "share_pct"])
    return frame.sort_values("share_pct", ascending=False, kind="stable", ignore_index=True)


def pair_shares(cube: Cube, grid: Grid, sums: AxisSums) -> dict[tuple[str, str], float]:
    """Return the percent of variance each pair of axes explains beyond its main effects.

    NaN if combinations are missing, 0 if the cube is constant; only axes with two values or more.
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
    """Return the variance, along the kept axes, of the mean over all other axes."""
    others = tuple(axis for axis in range(values.ndim) if axis not in kept)
    return float(((values.mean(axis=others, dtype=np.float64) - mean) ** 2).mean())


def _pct(part: float, total: float) -> float:
    return max(100 * part / total, 0.0) if total > 0 else 0.0
