"""A column of results as a cube: the ids count through the axes, so each value has its place.

What is not there is NaN, never 0. A cube of the expanded grid is 6 MB, one of 100 million
combinations 0.4 GB.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ib_grid.errors import StoreError
from ib_grid.grid.grid import Grid

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
        check_ids(grid.shape, ids)
        values[ids] = block
        n_rows += len(ids)
    if np.count_nonzero(~np.isnan(values)) != n_rows:
        raise wrong_id("a combination more than once")
    return values.reshape(grid.shape)


def check_ids(shape: Sequence[int], ids: NDArray[np.int64]) -> None:
    """Refuse ids that are none of the grid of this shape.

    Raises
    ------
    StoreError
        If there is one.
    """
    n_combinations = int(np.prod(shape, dtype=np.int64))
    if len(ids) and not 0 <= ids.min() <= ids.max() < n_combinations:
        wrong = ids.min() if ids.min() < 0 else ids.max()
        raise wrong_id(f"a combination that the grid does not have, {wrong}")


def wrong_id(found: str) -> StoreError:
    """The error of results that are not each combination of the grid once."""
    return StoreError(
        f"the results hold {found}",
        expected="each combination of the grid once",
        hint="run again with --no-resume",
    )
