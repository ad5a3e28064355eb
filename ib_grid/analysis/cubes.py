"""A column of results as a cube: the ids count through the axes, so each value has its place.

What is not there is NaN, never 0. A cube of the expanded grid is 6 MB, one of 100 million
combinations 0.4 GB.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ib_grid.errors import StoreError
from ib_grid.grid import Grid

Cube = NDArray[np.float32]


def filled_cube(grid: Grid, blocks: Iterable[tuple[NDArray[Any], ...]]) -> Cube:
    """The values of combinations at their places.

    Parameters
    ----------
    grid : Grid
    blocks : iterable of (ids, values)
        Arrays of shape (n_rows,) each; finite values, no combination twice.

    Returns
    -------
    float32 array, shape ``grid.shape``
        NaN for a combination that no block holds.

    Raises
    ------
    StoreError
        If a combination is not of the grid, or there twice.
    """
    values = np.full(len(grid), np.nan, np.float32)
    n_rows = 0
    for ids, block in blocks:
        if len(ids) and not 0 <= ids.min() <= ids.max() < len(grid):
            raise _wrong_id(f"a combination that the grid does not have, {ids.max()}")
        values[ids] = block
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


def values_there(cube: Cube, *where: tuple[int, tuple[int, ...]]) -> Cube:
    """The values that are there at some places of one axis or of several, a copy, shape (n,)."""
    allowed: dict[int, list[int]] = {}
    for axis, places in where:
        allowed[axis] = [p for p in places if axis not in allowed or p in allowed[axis]]
    for axis, kept in allowed.items():
        cube = cube.take(kept, axis=axis)
    return cube[~np.isnan(cube)]


def quantiles(values: NDArray[np.float32], probabilities: tuple[float, ...]) -> NDArray[np.float64]:
    """Quantiles, linear between neighbouring values; NaN where there is no value.

    Parameters
    ----------
    values : float32 array, shape (n,)
        Left in another order.
    probabilities : tuple of float

    Returns
    -------
    float64 array, shape (n_probabilities,)
    """
    if not len(values):
        return np.full(len(probabilities), np.nan)
    place = np.array(probabilities) * (len(values) - 1)
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, len(values) - 1)
    values.partition(np.unique([below, above]))
    low, high = values[below].astype(np.float64), values[above].astype(np.float64)
    return np.asarray(low + (place - below) * (high - low))
