"""Plateau scores: the results of each combination's neighbours.

A peak whose neighbours are poor was probably found by chance.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ib_grid.analysis.effects.neighbourhoods import adjacency, reached
from ib_grid.errors.validation import check_count
from ib_grid.grid.grid import Grid
from ib_grid.runs.cubes import Cube
from ib_grid.runs.run import Run, Where, checked_run

QUANTILE = 0.25
_AT_ONCE = 1 << 15


class Plateaus(NamedTuple):
    """Statistics of each combination's neighbours: arrays of shape ``grid.shape``.

    Attributes
    ----------
    p25 : float32 array
        25th percentile, linear between neighbouring values; NaN without neighbours.
    least : float32 array
        The smallest value; NaN without neighbours.
    n_neighbours : int16 array
        Number of neighbours with a value.
    """

    p25: Cube
    least: Cube
    n_neighbours: NDArray[np.int16]


def plateau_score(
    run: Run, metric: str = "total_r", steps: int = 2, where: Where = None
) -> pd.DataFrame:
    """Return the 25th percentile and the minimum of a metric among each combination's neighbours.

    Parameters
    ----------
    run : Run
    metric : str
        A metric column of which more is better. Both statistics look at the low end: for a
        drawdown they would describe the best of the neighbours, not the worst.
    steps : int
        Neighbours up to this many steps away along one axis, the combination itself excluded
        (`ib_grid.analysis.effects.neighbourhoods`).
    where : str or Condition, optional
        Combinations to include, both as combinations and as neighbours.

    Returns
    -------
    frame
        One row per combination with a value, by id: ``combo_id``, the metric, ``p25`` and ``min``
        (float32, in the metric's unit: 25th percentile and minimum of the neighbours, NaN without
        neighbours) and ``n_neighbours``.

    Raises
    ------
    ConfigError
        If `steps` is not a positive whole number, or the metric or the condition is invalid.
    """
    checked_run(run)
    n_steps = check_count(steps, "steps")
    cube = run.cube(metric, where)
    found = plateaus(cube, run.grid, n_steps)
    ids = np.flatnonzero(~np.isnan(cube.reshape(-1)))
    columns = {metric: cube, "p25": found.p25, "min": found.least}
    frame = pd.DataFrame({n: values.reshape(-1)[ids] for n, values in columns.items()})
    frame.insert(0, "combo_id", ids)
    return frame.assign(n_neighbours=found.n_neighbours.reshape(-1)[ids].astype(np.int64))


def plateaus(cube: Cube, grid: Grid, steps: int) -> Plateaus:
    """Return the plateaus of a cube of shape ``grid.shape``, in blocks of bounded memory."""
    flat = np.append(cube.reshape(-1), np.float32(np.nan))
    offsets = _offsets(grid, steps)
    p25, least = np.empty((2, cube.size), np.float32)
    count = np.empty(cube.size, np.int16)
    for first in range(0, cube.size, _AT_ONCE):
        ids = np.arange(first, min(first + _AT_ONCE, cube.size))
        values = flat[_beside(ids, grid, offsets, cube.size)]
        values.sort(axis=1)  # NaN last
        n_there = np.count_nonzero(~np.isnan(values), axis=1)
        p25[ids] = _lower_quantile(values, n_there)
        least[ids], count[ids] = values[:, 0], n_there
    shape = grid.shape
    return Plateaus(p25.reshape(shape), least.reshape(shape), count.reshape(shape))


def _offsets(grid: Grid, steps: int) -> list[NDArray[np.int64]]:
    """Return the id offsets of the neighbours by axis and position, padded with 0.

    Each array has the shape (n_positions, most neighbours of a position).
    """
    found = []
    strides = np.cumprod((1, *grid.shape[:0:-1]))[::-1]
    for name, n_positions, stride in zip(grid.axes, grid.shape, strides, strict=True):
        adjacent = adjacency(grid, name)
        near = [sorted(reached(adjacent, here, steps)) for here in range(n_positions)]
        table = np.zeros((n_positions, max(map(len, near))), np.int64)
        for here, others in enumerate(near):
            table[here, : len(others)] = (np.array(others, np.int64) - here) * stride
        found.append(table)
    return found


def _beside(
    ids: NDArray[np.int64], grid: Grid, offsets: list[NDArray[np.int64]], nothing: int
) -> NDArray[np.int64]:
    """Return the neighbours' ids, shape (n_ids, n), padded with `nothing`."""
    positions = grid.indices(ids).values()
    near = [t[p] for t, p in zip(offsets, positions, strict=True)]
    # a column even if no axis has a second value
    added = np.concatenate([*near, np.zeros((len(ids), 1), np.int64)], axis=1)
    return np.where(added == 0, nothing, ids[:, None] + added)


def _lower_quantile(values: NDArray[np.float32], count: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the `QUANTILE` of each row, of which the first `count` values are sorted, not NaN."""
    last = np.maximum(count - 1, 0)
    rank = QUANTILE * last
    below = np.floor(rank).astype(np.int64)
    rows = np.arange(len(values))
    low = values[rows, below].astype(np.float64)
    high = values[rows, np.minimum(below + 1, last)].astype(np.float64)
    return np.asarray(np.where(count > 0, low + (rank - below) * (high - low), np.nan))
