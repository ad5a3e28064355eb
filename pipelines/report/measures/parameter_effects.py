"""Parameter effects: the distribution of total R over the grid, by parameter and by pair."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ib_grid.analysis.axis_values import Factor
from ib_grid.analysis.effects.cells import cell_values, crossed, factor_levels
from ib_grid.analysis.effects.reductions import quantiles
from ib_grid.analysis.effects.variance import MainEffect, axis_sums, main_effects
from ib_grid.grid.grid import Grid
from ib_grid.runs import row_blocks
from ib_grid.runs.cubes import Cube, filled_cube
from ib_grid.runs.row_blocks import File
from pipelines.report.measures.histograms import HISTOGRAM_BINS, Histogram, round_bins

BAND = (0.1, 0.5, 0.9)
MAPPED_PARAMETERS = 4
# A map with more rows or columns cannot be read.
MOST_VALUES = 60


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Effect:
    """Total R by the values of one parameter.

    Attributes
    ----------
    share_pct : float
        Percent of the variance of total R: `ib_grid.analysis.effects.variance.MainEffect`.
    bands : float64 array, shape (n_values, 3)
        10th percentile, median and 90th percentile of total R at each value.
    """

    factor: Factor
    share_pct: float
    bands: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pair:
    """Total R by the values of two parameters, over all others.

    Arrays of shape (n_y_values, n_x_values), NaN without combinations.
    """

    x: Factor
    y: Factor
    median: NDArray[np.float64]
    tenth_percentile: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ParameterEffects:
    """Total R over the whole grid.

    Attributes
    ----------
    total_r_band : float64 array, shape (3,)
        10th percentile, median and 90th percentile of total R.
    effects : tuple of Effect
        In the order of the parameters.
    pairs : tuple of Pair
        Of the parameters with the largest shares, of those with at most `MOST_VALUES` values.
    """

    total_r_band: NDArray[np.float64]
    total_r_histogram: Histogram
    effects: tuple[Effect, ...]
    pairs: tuple[Pair, ...]


def total_r_cube(files: Sequence[File], grid: Grid) -> Cube:
    """Return total R of every combination, shape ``grid.shape``, NaN where a row is missing."""
    return filled_cube(grid, _total_r(files))


def _total_r(files: Sequence[File]) -> Iterator[tuple[NDArray[np.generic], ...]]:
    for block in row_blocks.read_blocks(files, ("combo_id", "total_r")):
        row_blocks.check_finite(block)
        yield block.columns["combo_id"], block.columns["total_r"]


def parameter_effects(total_r: Cube, grid: Grid) -> ParameterEffects:
    """Return the parameter effects of a run with at least one row."""
    mains = main_effects(axis_sums(total_r), grid)
    maps = [map_axes(a, b) for a, b in combinations(most_telling(mains), 2)]
    return ParameterEffects(
        total_r_band=bands(total_r, []),
        total_r_histogram=_histogram(total_r.reshape(-1)),
        effects=tuple(
            Effect(
                factor=main.factor,
                share_pct=main.share_pct,
                bands=bands(total_r, [main.factor]),
            )
            for main in mains
        ),
        pairs=tuple(_pair(total_r, x, y) for x, y in maps),
    )


def _histogram(values: NDArray[np.float32]) -> Histogram:
    bins = round_bins(float(np.nanmin(values)), float(np.nanmax(values)), HISTOGRAM_BINS)
    counts = np.zeros(bins.n, np.int64)
    for first in range(0, len(values), row_blocks.BLOCK_ROWS):
        block = values[first : first + row_blocks.BLOCK_ROWS]
        counts += bins.counts(block[~np.isnan(block)])
    return Histogram(bins=bins, counts=counts)


def _pair(total_r: Cube, x: Factor, y: Factor) -> Pair:
    found = bands(total_r, [y, x])
    return Pair(x=x, y=y, tenth_percentile=found[..., 0], median=found[..., 1])


def bands(total_r: Cube, by: Sequence[Factor]) -> NDArray[np.float64]:
    """Return the `BAND` of total R at each combination of values of some parameters.

    Shape (n_values, ..., 3), NaN without combinations.
    """
    levels = crossed([factor_levels(factor) for factor in by])
    found = [quantiles(values, BAND) for values in cell_values(total_r, levels)]
    return np.reshape(found, [*(len(factor.values) for factor in by), len(BAND)])


def most_telling(found: Sequence[MainEffect]) -> list[Factor]:
    """Return the parameters with the largest shares that fit on a map, in grid order."""
    several = [effect for effect in found if 1 < len(effect.factor.values) <= MOST_VALUES]
    largest = sorted(several, key=lambda effect: -effect.share_pct)[:MAPPED_PARAMETERS]
    return [effect.factor for effect in several if effect in largest]


def map_axes(a: Factor, b: Factor) -> tuple[Factor, Factor]:
    """Return the x and y parameter of a map; y has more values."""
    x, y = sorted((_beside(a, b), _beside(b, a)), key=lambda f: len(f.values))
    return x, y


def _beside(factor: Factor, other: Factor) -> Factor:
    """Return a factor with only the values that occur together with the other's."""
    if factor.axis != other.axis:
        return factor
    of_other = {p for positions in other.positions for p in positions}
    kept = [i for i, own in enumerate(factor.positions) if of_other & set(own)]
    return dataclasses.replace(
        factor,
        values=tuple(factor.values[i] for i in kept),
        positions=tuple(factor.positions[i] for i in kept),
    )
