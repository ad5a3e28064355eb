"""What combinations come to at each place of each axis of the grid, from blocks of any size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ib_grid.analysis.effects.axis_kernels import add_by_place
from ib_grid.runs.cubes import check_ids


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlaceSums:
    """Numbers and sums of values by place, and how they spread over all.

    Attributes
    ----------
    counts, sums : tuple of int64 and of float64 array, shape (n_places,)
        For each axis of the grid.
    n : int
    mean : float
        0 where there is no value.
    squares : float
        Sum of the squares about the mean.
    low, high : float
        Least and most; inf and -inf where there is no value.
    """

    counts: tuple[NDArray[np.int64], ...]
    sums: tuple[NDArray[np.float64], ...]
    n: int
    mean: float
    squares: float
    low: float
    high: float

    def merge(self, other: PlaceSums) -> PlaceSums:
        """Those over both; Chan, Golub and LeVeque 1983 for the squares."""
        n = self.n + other.n
        apart, share = other.mean - self.mean, other.n / n if n else 0.0
        return PlaceSums(
            counts=tuple(a + b for a, b in zip(self.counts, other.counts, strict=True)),
            sums=tuple(a + b for a, b in zip(self.sums, other.sums, strict=True)),
            n=n,
            mean=self.mean + apart * share,
            squares=self.squares + other.squares + apart**2 * self.n * share,
            low=min(self.low, other.low),
            high=max(self.high, other.high),
        )


def place_sums(
    shape: Sequence[int], ids: NDArray[np.int64], values: NDArray[np.float32]
) -> PlaceSums:
    """The sums over a block.

    Parameters
    ----------
    shape : sequence of int
        Of the grid.
    ids : int64 array, shape (n_rows,)
    values : float32 array, shape (n_rows,)
        Finite.

    Raises
    ------
    StoreError
        If an id is not one of the grid.
    """
    check_ids(shape, ids)
    counts, sums = np.zeros(sum(shape), np.int64), np.zeros(sum(shape))
    wide = values.astype(np.float64)
    add_by_place(np.array(ids, np.int64), wide, np.array(shape, np.int64), counts, sums)
    mean = float(wide.mean()) if len(wide) else 0.0
    ends = np.cumsum(shape)[:-1]
    return PlaceSums(
        counts=tuple(np.split(counts, ends)),
        sums=tuple(np.split(sums, ends)),
        n=len(values),
        mean=mean,
        squares=float(((wide - mean) ** 2).sum()),
        low=float(wide.min(initial=np.inf)),
        high=float(wide.max(initial=-np.inf)),
    )
