"""How good the neighbourhood of each set is: a peak that stands alone was found by chance."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ib_grid.analysis.effects.neighbourhoods import checked_steps, steps_apart
from ib_grid.analysis.effects.reductions import sorted_row_quantile
from ib_grid.grid.grid import Grid
from ib_grid.runs.cubes import Cube
from ib_grid.runs.run import Run, Where, checked_run

QUANTILE = 0.25
_AT_ONCE = 1 << 15


class Plateaus(NamedTuple):
    """Of each combination's neighbours: arrays of shape ``grid.shape``.

    Attributes
    ----------
    p25 : float32 array
        25th percentile, linear between neighbouring values; NaN where no neighbour is there.
    least : float32 array
        The smallest value; NaN likewise.
    n_neighbours : int16 array
        How many neighbours are there.
    """

    p25: Cube
    least: Cube
    n_neighbours: NDArray[np.int16]


def plateau_score(
    run: Run, metric: str = "total_r", steps: int = 2, where: Where = None
) -> pd.DataFrame:
    """What a metric is like around each set of the grid, for all of them at once.

    Parameters
    ----------
    run : Run
    metric : str
        A metric column.
        Both figures look at its low end: of a metric of which less is better, such as a
        drawdown, they tell the best of the neighbourhood, not the worst.
    steps : int
        Neighbours up to so many steps away along an axis, the set itself not among them
        (`ib_grid.analysis.effects.neighbourhoods`).
    where : str or Condition, optional
        The combinations that count, as sets and as neighbours.

    Returns
    -------
    frame
        Columns ``combo_id``, the metric, ``p25`` and ``min`` (float32, in the metric's unit: 25th
        percentile and least of the neighbours that are there, NaN where none is) and
        ``n_neighbours``; a row for each combination that is there, by id.

    Raises
    ------
    ConfigError
        If `steps` is no whole number from 1, or the metric or the condition is none.
    """
    checked_run(run)
    steps = checked_steps(steps)
    cube = run.cube(metric, where)
    found = plateaus(cube, run.grid, steps)
    ids = np.flatnonzero(~np.isnan(cube.reshape(-1)))
    columns = {metric: cube, "p25": found.p25, "min": found.least}
    frame = pd.DataFrame({n: values.reshape(-1)[ids] for n, values in columns.items()})
    frame.insert(0, "combo_id", ids)
    return frame.assign(n_neighbours=found.n_neighbours.reshape(-1)[ids].astype(np.int64))


def plateaus(cube: Cube, grid: Grid, steps: int) -> Plateaus:
    """As `plateau_score`, of a cube of shape ``grid.shape``; beside it some 20 MB are held."""
    flat = np.append(cube.reshape(-1), np.float32(np.nan))
    offsets = _offsets(grid, steps)
    p25, least = np.empty((2, cube.size), np.float32)
    count = np.empty(cube.size, np.int16)
    for first in range(0, cube.size, _AT_ONCE):
        ids = np.arange(first, min(first + _AT_ONCE, cube.size))
        values = flat[_beside(ids, grid, offsets, cube.size)]
        values.sort(axis=1)  # NaN last
        n_there = np.count_nonzero(~np.isnan(values), axis=1)
        p25[ids] = sorted_row_quantile(values, n_there, QUANTILE)
        least[ids], count[ids] = values[:, 0], n_there
    shape = grid.shape
    return Plateaus(p25.reshape(shape), least.reshape(shape), count.reshape(shape))


def _offsets(grid: Grid, steps: int) -> list[NDArray[np.int64]]:
    """For each axis and place what to add to an id for its neighbours, 0 for none.

    Shape (n_places, most neighbours of a place) each.
    """
    found = []
    strides = np.cumprod((1, *grid.shape[:0:-1]))[::-1]
    for apart, stride in zip(steps_apart(grid), strides, strict=True):
        near = [np.flatnonzero((row > 0) & (row <= steps)) for row in apart]
        table = np.zeros((len(near), max(map(len, near))), np.int64)
        for place, others in enumerate(near):
            table[place, : len(others)] = (others - place) * stride
        found.append(table)
    return found


def _beside(
    ids: NDArray[np.int64], grid: Grid, offsets: list[NDArray[np.int64]], nothing: int
) -> NDArray[np.int64]:
    """The neighbours' ids, shape (n_ids, n); `nothing` where there is none."""
    places = grid.places(ids).values()
    added = np.concatenate([t[p] for t, p in zip(offsets, places, strict=True)], axis=1)
    return np.where(added == 0, nothing, ids[:, None] + added)
