"""Cubes: one column of results as an array with an axis per parameter.

Ids count through the axes of the grid, so each combination has one cell. Missing results are NaN,
never 0. A cube of the expanded grid takes 6 MB, one of 100 million combinations 0.4 GB.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ib_grid.errors import StoreError
from ib_grid.grid.grid import Grid

if TYPE_CHECKING:
    import xarray as xr

Cube = NDArray[np.float32]
# Grid axes that join two parameters; the second has an effect only if the first is on.
JOINED_AXES = {"trailing": ("tsl_target", "tsl_sl"), "rebound": ("rev_rb_enabled", "rev_rb_pct")}


def filled_cube(grid: Grid, blocks: Iterable[tuple[NDArray[Any], ...]]) -> Cube:
    """Return a cube with the values of some combinations, NaN for all others.

    Blocks are ids and finite values, shape (n_rows,) each, each combination at most once.
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
    """Refuse ids outside the grid of this shape."""
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


def labelled(grid: Grid, cubes: Mapping[str, Cube]) -> xr.Dataset:
    """Return cubes as a Dataset whose dimensions are the axes of the grid."""
    import xarray as xr

    coordinates: dict[str, Any] = {}
    for axis, values in grid.axes.items():
        if axis in JOINED_AXES:
            coordinates |= _joined_coordinates(axis, values)
        else:
            coordinates[axis] = [v if isinstance(v, (int, float)) else str(v) for v in values]
    return xr.Dataset({name: (list(grid.axes), cube) for name, cube in cubes.items()}, coordinates)


def _joined_coordinates(axis: str, pairs: Sequence[Any]) -> dict[str, Any]:
    """Return a coordinate for each of two joined parameters; NaN where the second has no effect."""
    first, second = JOINED_AXES[axis]
    return {
        first: (axis, [own for own, _ in pairs]),
        second: (axis, [other if own else np.nan for own, other in pairs]),
    }
