"""The shape of the results over the grid, from the partition files.

All of it is exact, and nothing that grows with the grid is held: files are passed over several
times, each time for what the next one has to know.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial, reduce
from itertools import combinations, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ib_grid.analysis.axis_values import Factor
from ib_grid.analysis.effects import exact_quantiles
from ib_grid.analysis.effects.axis_sums import PlaceSums, place_sums
from ib_grid.analysis.effects.exact_quantiles import Search, Side
from ib_grid.analysis.effects.variance import MainEffect, main_effects
from ib_grid.grid.grid import Grid
from ib_grid.runs import row_blocks
from ib_grid.runs.cubes import wrong_id
from ib_grid.runs.row_blocks import File
from pipelines.cluster.executors import SERIAL_EXECUTOR, Executor
from pipelines.report.measures.histograms import HISTOGRAM_BINS, Bins, Histogram, round_bins

BAND = (0.1, 0.5, 0.9)
TELLING = 4
# A map with more rows or columns is none to look at, and each of its cells takes 2 kB or more.
MOST_VALUES = 60
_TOTAL_R = ("combo_id", "total_r")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Effect:
    """What a parameter does to total R.

    Attributes
    ----------
    factor : Factor
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
    total_r_band : float64 array, shape (3,)
        10th percentile, median and 90th percentile of total R.
    total_r_histogram : Histogram
    effects : tuple of Effect
        In the order of the parameters.
    pairs : tuple of Pair
        Of the parameters with the largest shares, of those with at most `MOST_VALUES` values.
    """

    total_r_band: NDArray[np.float64]
    total_r_histogram: Histogram
    effects: tuple[Effect, ...]
    pairs: tuple[Pair, ...]


def survey(files: Sequence[File], grid: Grid, executor: Executor = SERIAL_EXECUTOR) -> Landscape:
    """The landscape of a run of this grid, from its files, which hold at least one row.

    Raises
    ------
    StoreError
        If a file cannot be read, its combinations are not those of the grid, or one of them has a
        total R that is no finite number.
    """
    sums = sums_of(files, grid, executor)
    bins = round_bins(sums.low, sums.high, HISTOGRAM_BINS)
    counted = executor.submit_batches(partial(_counts, bins=bins), files)
    mains = main_effects(sums, grid)
    maps = [sides_of_map(a, b) for a, b in combinations(telling(mains), 2)]
    whole, *bands = quantiles(
        files, grid, [(), *((e.factor,) for e in mains), *((y, x) for x, y in maps)], executor
    )
    of_effects, of_maps = bands[: len(mains)], bands[len(mains) :]
    return Landscape(
        total_r_band=whole.reshape(len(BAND)),
        total_r_histogram=Histogram(
            bins=bins, counts=np.sum([part.result() for part in counted], axis=0)
        ),
        effects=tuple(
            Effect(factor=main.factor, share_pct=main.share_pct, bands=band)
            for main, band in zip(mains, of_effects, strict=True)
        ),
        pairs=tuple(
            Pair(x=x, y=y, tenth_percentile=band[..., 0], median=band[..., 1])
            for (x, y), band in zip(maps, of_maps, strict=True)
        ),
    )


def _counts(files: Sequence[File], bins: Bins) -> NDArray[np.int64]:
    counts = np.zeros(bins.n, np.int64)
    for block in row_blocks.blocks(files, ("total_r",)):
        counts += bins.counts(block.columns["total_r"])
    return counts


class _FileSums(NamedTuple):
    """What a file comes to; its first and last id, -1 where it has no row."""

    first_id: int
    last_id: int
    sums: PlaceSums


def sums_of(files: Sequence[File], grid: Grid, executor: Executor = SERIAL_EXECUTOR) -> PlaceSums:
    """Total R by the places of the grid's axes, over all rows.

    Raises
    ------
    StoreError
        If a file cannot be read, a combination is not of the grid or there twice, or its total R
        is no finite number.
    """
    parts = executor.map(partial(_file_sums, shape=grid.shape), files)
    of_files = [found for part in parts for found in part]
    spans = sorted(found[:2] for found in of_files if found.sums.n)
    if any(first <= last for (_, last), (first, _) in pairwise(spans)):
        raise wrong_id("a combination more than once, or out of order")
    # File by file: the same digits whoever reads them.
    return reduce(PlaceSums.merge, (found.sums for found in of_files))


def _file_sums(files: Sequence[File], shape: tuple[int, ...]) -> list[_FileSums]:
    return [_sums_of_file(file, shape) for file in files]


def _sums_of_file(file: File, shape: tuple[int, ...]) -> _FileSums:
    nothing = place_sums(shape, np.zeros(0, np.int64), np.zeros(0, np.float32))
    found = _FileSums(-1, -1, nothing)
    for block in row_blocks.blocks((file,), _TOTAL_R):
        row_blocks.check_finite(block)
        ids, values = (block.columns[name] for name in _TOTAL_R)
        if (np.diff(ids, prepend=found.last_id) <= 0).any():
            raise wrong_id("a combination more than once, or out of order")
        first = int(ids[0]) if found.first_id < 0 else found.first_id
        sums = found.sums.merge(place_sums(shape, ids, values))
        found = _FileSums(first, int(ids[-1]), sums)
    return found


def quantiles(
    files: Sequence[File],
    grid: Grid,
    by: Sequence[tuple[Factor, ...]],
    executor: Executor = SERIAL_EXECUTOR,
) -> list[NDArray[np.float64]]:
    """The `BAND` of total R at each value of a parameter, or at each pair of values of two.

    Parameters
    ----------
    files : sequence of File
    grid : Grid
    by : sequence of tuple of Factor
        Each a grouping: by none, one or two of them.
    executor : Executor

    Returns
    -------
    list of float64 array, shape (n_values, ..., 3)
        NaN where there is no combination.
    """
    sides = [[_side(factor, grid) for factor in factors] for factors in by]
    groups = exact_quantiles.groups(grid.shape, sides)
    search = exact_quantiles.begun(groups, BAND)
    for _ in range(exact_quantiles.PASSES):
        tables = executor.map(partial(_digits, search=search), files)
        search = exact_quantiles.narrowed(search, reduce(np.add, tables))
    found = np.split(exact_quantiles.quantiles(search), groups.first_cell[1:-1])
    return [
        band.reshape([*(len(factor.values) for factor in factors), len(BAND)])
        for band, factors in zip(found, by, strict=True)
    ]


def _digits(files: Sequence[File], search: Search) -> NDArray[np.int64]:
    table = exact_quantiles.no_counts(search)
    for block in row_blocks.blocks(files, _TOTAL_R):
        ids, values = (block.columns[name] for name in _TOTAL_R)
        exact_quantiles.count(search, ids, values, table)
    return table


def _side(factor: Factor, grid: Grid) -> Side:
    codes = np.full(grid.shape[factor.axis], -1)
    for code, places in enumerate(factor.places):
        codes[list(places)] = code
    return Side(factor.axis, codes, len(factor.values))


def telling(found: Sequence[MainEffect]) -> list[Factor]:
    """The parameters with the largest shares that a map can show, in their own order."""
    several = [effect for effect in found if 1 < len(effect.factor.values) <= MOST_VALUES]
    largest = sorted(several, key=lambda effect: -effect.share_pct)[:TELLING]
    return [effect.factor for effect in several if effect in largest]


def sides_of_map(a: Factor, b: Factor) -> tuple[Factor, Factor]:
    """What a map of two parameters has across and upright; the one with more values is upright."""
    across, upright = sorted((_beside(a, b), _beside(b, a)), key=lambda f: len(f.values))
    return across, upright


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
