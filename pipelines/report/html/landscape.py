"""The shape of the results over the grid, from the partition files.

All of it is exact. One column of the grid is held, total R as float32: 6 MB for the expanded grid,
0.4 GB for 100 million combinations, and as much again while its quantiles are taken. Histograms
and the Pareto front are made block by block.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ib_grid.errors import StoreError
from ib_grid.grid import Grid
from pipelines.report import partitions
from pipelines.report.build import Report
from pipelines.report.html.bins import Histogram, histogram, quantiles
from pipelines.report.html.eligible import Density, density, score_histogram
from pipelines.report.html.factors import Factor, factors

BAND = (0.1, 0.5, 0.9)
TELLING = 4
_AT_ONCE = 1 << 20

Cube = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Effect:
    """What a parameter does to total R.

    Attributes
    ----------
    factor : Factor
    share_pct : float
        Percent of the variance of total R that lies between its values: the main effect. For
        `tsl_sl` between its values within each `tsl_target`, for `rev_rb_pct` where it is enabled,
        so that the shares add up; what they leave is interaction.
    bands : float64 array, shape (n_values, 3)
        10th percentile, median and 90th percentile of total R at each value.
    """

    factor: Factor
    share_pct: float
    bands: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pair:
    """Total R over all other parameters, at each pair of values of two.

    Attributes
    ----------
    x, y : Factor
    median, tenth_percentile : float64 array, shape (n_y_values, n_x_values)
        NaN where there is no combination.
    """

    x: Factor
    y: Factor
    median: NDArray[np.float64]
    tenth_percentile: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Landscape:
    """The shape of the results over the grid.

    Attributes
    ----------
    total_r : float32 array, shape ``grid.shape``
        NaN where not computed.
    total_r_band : float64 array, shape (3,)
        Its 10th percentile, median and 90th percentile.
    total_r_histogram : Histogram
    score_histogram, density : Histogram, Density or None
        Of the eligible; None where there is none.
    effects : tuple of Effect
        In the order of the parameters.
    pairs : tuple of Pair
        Of the parameters with the largest shares.
    """

    total_r: Cube
    total_r_band: NDArray[np.float64]
    total_r_histogram: Histogram
    score_histogram: Histogram | None
    density: Density | None
    effects: tuple[Effect, ...]
    pairs: tuple[Pair, ...]


def survey(report: Report, files: Sequence[Path]) -> Landscape:
    """The landscape of a report's run.

    Raises
    ------
    StoreError
        If a file cannot be read, or its combinations are not those of the grid.
    """
    cube = read_cube(files, report.info.grid, "total_r")
    found = effects(cube, report.info.grid)
    values = cube[~np.isnan(cube)]
    return Landscape(
        total_r=cube,
        total_r_histogram=histogram(lambda: np.array_split(values, len(values) // _AT_ONCE + 1)),
        total_r_band=quantiles(values, BAND),
        score_histogram=score_histogram(report, files),
        density=density(report, files),
        effects=found,
        pairs=tuple(pair(cube, a.factor, b.factor) for a, b in combinations(telling(found), 2)),
    )


def read_cube(files: Sequence[Path], grid: Grid, name: str) -> Cube:
    """A metric of every combination, shape ``grid.shape``; NaN where not computed.

    Raises
    ------
    StoreError
        If a combination is not of the grid, or there twice.
    """
    values = np.full(len(grid), np.nan, np.float32)
    n_rows = 0
    for block in partitions.blocks(files, ("combo_id", name)):
        ids = block.columns["combo_id"]
        if len(ids) and not 0 <= ids.min() <= ids.max() < len(grid):
            raise _wrong_id(f"a combination that the grid does not have, {ids.max()}")
        values[ids] = block.columns[name]
        n_rows += len(ids)
    if np.count_nonzero(~np.isnan(values)) != n_rows:
        raise _wrong_id("a combination more than once")
    return values.reshape(grid.shape)


def _wrong_id(found: str) -> StoreError:
    return StoreError(
        f"the results hold {found}",
        expected="each combination of the grid once",
        remedy="run again with --no-resume",
    )


def effects(cube: Cube, grid: Grid) -> tuple[Effect, ...]:
    """The main effect of each parameter."""
    counts, sums = zip(*(_by_place(cube, axis) for axis in range(cube.ndim)), strict=True)
    total = _squares_about(cube, sums[0].sum() / counts[0].sum())
    found = []
    for factor in factors(grid):
        between = _squares_between(factor, counts[factor.axis], sums[factor.axis], grid)
        share = 100 * between / total if total > 0 else 0.0
        bands = [quantiles(_at(cube, (factor.axis, p)), BAND) for p in factor.places]
        shape = (len(factor.values), len(BAND))
        found.append(Effect(factor=factor, share_pct=share, bands=np.array(bands).reshape(shape)))
    return tuple(found)


def telling(found: Sequence[Effect]) -> list[Effect]:
    """The parameters with the largest shares, in the order of the parameters."""
    several = [effect for effect in found if len(effect.factor.values) > 1]
    largest = sorted(several, key=lambda effect: -effect.share_pct)[:TELLING]
    return [effect for effect in several if effect in largest]


def pair(cube: Cube, a: Factor, b: Factor) -> Pair:
    """The heat maps of two parameters; the one with more values is upright."""
    x, y = sorted((_beside(a, b), _beside(b, a)), key=lambda factor: len(factor.values))
    cells = np.empty((len(y.values), len(x.values), 2))
    for i, y_places in enumerate(y.places):
        for j, x_places in enumerate(x.places):
            cell = _at(cube, (y.axis, y_places), (x.axis, x_places))
            cells[i, j] = quantiles(cell, BAND[:2])
    return Pair(x=x, y=y, tenth_percentile=cells[:, :, 0], median=cells[:, :, 1])


def _beside(factor: Factor, other: Factor) -> Factor:
    """The values of a factor that go together with one of the other's."""
    if factor.axis != other.axis:
        return factor
    of_other = {place for places in other.places for place in places}
    kept = [i for i, places in enumerate(factor.places) if of_other & set(places)]
    return dataclasses.replace(
        factor,
        values=tuple(factor.values[i] for i in kept),
        places=tuple(factor.places[i] for i in kept),
    )


def _at(cube: Cube, *where: tuple[int, tuple[int, ...]]) -> Cube:
    """The values that are there at some places of one axis or of two, a copy, shape (n,)."""
    allowed: dict[int, list[int]] = {}
    for axis, places in where:
        allowed[axis] = [p for p in places if axis not in allowed or p in allowed[axis]]
    for axis, kept in allowed.items():
        cube = cube.take(kept, axis=axis)
    return cube[~np.isnan(cube)]


def _by_place(cube: Cube, axis: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Number and sum of the values at each place of an axis, shape (n_places,) each."""
    cells = (_at(cube, (axis, (place,))) for place in range(cube.shape[axis]))
    pairs = np.array([(len(cell), cell.sum(dtype=np.float64)) for cell in cells])
    return pairs[:, 0], pairs[:, 1]


def _squares_about(cube: Cube, mean: float) -> float:
    """Sum of squares of the values that are there about a value."""
    flat, total = cube.reshape(-1), 0.0
    for first in range(0, len(flat), _AT_ONCE):
        total += float(np.nansum((flat[first : first + _AT_ONCE].astype(np.float64) - mean) ** 2))
    return total


def _squares_between(
    factor: Factor, counts: NDArray[np.float64], sums: NDArray[np.float64], grid: Grid
) -> float:
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
