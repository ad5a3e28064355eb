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

import numpy as np
from numpy.typing import NDArray

from ib_grid.analysis.cubes import Cube, filled_cube, quantiles, values_there
from ib_grid.analysis.factors import Factor
from ib_grid.analysis.pivots import cube_pivot
from ib_grid.analysis.variance import main_effects
from ib_grid.grid import Grid
from ib_grid.storage import Place
from pipelines.report import partitions
from pipelines.report.build import Report
from pipelines.report.html.bins import Histogram, histogram
from pipelines.report.html.eligible import Density, density, score_histogram

BAND = (0.1, 0.5, 0.9)
TELLING = 4
_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Effect:
    """What a parameter does to total R.

    Attributes
    ----------
    factor : Factor
    share_pct : float
        Percent of the variance of total R: `ib_grid.analysis.variance.MainEffect`.
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


def survey(report: Report, files: Sequence[Place]) -> Landscape:
    """The landscape of a report's run.

    Raises
    ------
    StoreError
        If a file cannot be read, or its combinations are not those of the grid.
    """
    grid = report.info.grid
    cube = read_cube(files, grid, "total_r")
    found = effects(cube, grid)
    values = cube[~np.isnan(cube)]
    return Landscape(
        total_r=cube,
        total_r_histogram=histogram(lambda: np.array_split(values, len(values) // _AT_ONCE + 1)),
        total_r_band=quantiles(values, BAND),
        score_histogram=score_histogram(report, files),
        density=density(report, files),
        effects=found,
        pairs=tuple(
            pair(cube, grid, a.factor, b.factor) for a, b in combinations(telling(found), 2)
        ),
    )


def read_cube(files: Sequence[Place], grid: Grid, name: str) -> Cube:
    """A metric of every combination, shape ``grid.shape``; NaN where not computed.

    Raises
    ------
    StoreError
        If a file cannot be read, a combination is not of the grid, or there twice.
    """
    blocks = (block.columns for block in partitions.blocks(files, ("combo_id", name)))
    return filled_cube(grid, ((columns["combo_id"], columns[name]) for columns in blocks))


def effects(cube: Cube, grid: Grid) -> tuple[Effect, ...]:
    """The main effect of each parameter."""
    return tuple(
        Effect(factor=main.factor, share_pct=main.share_pct, bands=_bands(cube, main.factor))
        for main in main_effects(cube, grid)
    )


def _bands(cube: Cube, factor: Factor) -> NDArray[np.float64]:
    of_values = [quantiles(values_there(cube, (factor.axis, p)), BAND) for p in factor.places]
    return np.array(of_values).reshape(len(factor.values), len(BAND))


def telling(found: Sequence[Effect]) -> list[Effect]:
    """The parameters with the largest shares, in the order of the parameters."""
    several = [effect for effect in found if len(effect.factor.values) > 1]
    largest = sorted(several, key=lambda effect: -effect.share_pct)[:TELLING]
    return [effect for effect in several if effect in largest]


def pair(cube: Cube, grid: Grid, a: Factor, b: Factor) -> Pair:
    """The heat maps of two parameters; the one with more values is upright."""
    x, y = sorted((_beside(a, b), _beside(b, a)), key=lambda factor: len(factor.values))
    tenth, median = (
        cube_pivot(cube, grid, y.name, x.name, reduction).to_numpy()
        for reduction in ("p10", "median")
    )
    return Pair(x=x, y=y, tenth_percentile=tenth, median=median)


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
