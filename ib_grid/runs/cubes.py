"""Cubes: one column of results as an array with an axis per parameter.

Ids count through the axes of the grid, so each combination has one cell. Missing results are NaN,
never 0. A cube of the expanded grid takes 6 MB, one of 100 million combinations 0.4 GB.
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
    """Return a cube with the values of some combinations.

    Parameters
    ----------
    grid : Grid
    blocks : iterable of (ids, values)
        Arrays of shape (n_rows,) each; finite values, no combination twice.

    Returns
    -------
    float32 array, shape ``grid.shape``
        NaN for a combination in no block.

    Raises
    ------
    StoreError
        If a combination is not in the grid, or appears twice.
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
    """Refuse ids outside the grid of this shape.

    Raises
    ------
    StoreError
        If an id is outside.
    """
    n_combinations = int(np.prod(shape, dtype=np.int64))
    if len(ids) and not 0 <= ids.min() <= ids.max() < n_combinations:
        wrong = ids.min() if ids.min() < 0 else ids.max()
        raise wrong_id(f"a combination that the grid does not have, {wrong}")


def wrong_id(found: str) -> StoreError:
    """Return the error for results that are not each combination of the grid once."""
    return StoreError(
        f"the results hold {found}",
        expected="each combination of the grid once",
        hint="run again with --no-resume",
    )
