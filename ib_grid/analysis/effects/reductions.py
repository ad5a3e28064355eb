"""From many values to one: what a cell of a pivot can show."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ib_grid.errors import ConfigError

Floats = NDArray[np.float64]
Reduction = str | Callable[[NDArray[np.float32]], float]

_PERCENTILE = re.compile(r"p(\d{1,3})")
NAMES = ("mean", "median", "min", "max", "std", "share_above_0", "count", "p0 to p100")


def reducer(reduction: Reduction) -> Callable[[NDArray[np.float32]], Floats]:
    """How rows of values become one number each; NaN among them is what is not there.

    Parameters
    ----------
    reduction : str or callable
        ``mean``, ``median``, ``min``, ``max``, ``std`` (n - 1), ``share_above_0`` (percent),
        ``count``, ``p10`` and other percentiles (linear between neighbouring values); or a
        function of the values that are there, float32 array of shape (n,), n above 0.

    Returns
    -------
    callable
        From a float32 array of shape (n_cells, n_values), which it may reorder, to a float64 array
        of shape (n_cells,): NaN where no value is there, but for ``count``.

    Raises
    ------
    ConfigError
        If there is no such reduction.
    """
    if callable(reduction):
        return lambda values: _each(values, reduction)
    if reduction in _BY_NAME:
        return _BY_NAME[reduction]
    match = _PERCENTILE.fullmatch(str(reduction))
    if match and int(match[1]) <= 100:
        return lambda values: row_quantile(values, int(match[1]) / 100)
    raise ConfigError(f"no reduction {reduction!r}", expected=f"{', '.join(NAMES)}, or a function")


def row_quantile(values: NDArray[np.float32], probability: float) -> Floats:
    """A quantile of each row's values that are there, shape (n_rows,); reorders the rows."""
    count = _count(values)
    if values.size and count.min() == values.shape[1]:
        below = math.floor(probability * (values.shape[1] - 1))
        values.partition(sorted({below, min(below + 1, values.shape[1] - 1)}), axis=1)
    else:
        values.sort(axis=1)  # NaN last
    return sorted_row_quantile(values, count, probability)


def sorted_row_quantile(
    values: NDArray[np.float32], count: NDArray[np.int64], probability: float
) -> Floats:
    """As `row_quantile`, of rows in order whose first `count` values are there."""
    place = probability * np.maximum(count - 1, 0)
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, np.maximum(count - 1, 0))
    rows = np.arange(len(values))
    low, high = values[rows, below].astype(np.float64), values[rows, above].astype(np.float64)
    return np.asarray(np.where(count > 0, low + (place - below) * (high - low), np.nan))


def _count(values: NDArray[np.float32]) -> NDArray[np.int64]:
    return np.asarray(np.count_nonzero(~np.isnan(values), axis=1), np.int64)


def _mean(values: NDArray[np.float32]) -> Floats:
    return _ratio(np.nansum(values, axis=1, dtype=np.float64), _count(values))


def _std(values: NDArray[np.float32]) -> Floats:
    apart = values - _mean(values)[:, None]
    squares = np.nansum(apart**2, axis=1)
    return np.sqrt(_ratio(squares, _count(values) - 1))


def _share_above_0(values: NDArray[np.float32]) -> Floats:
    return _ratio(100.0 * np.count_nonzero(values > 0, axis=1), _count(values))


def _ratio(above: Floats, below: NDArray[np.int64]) -> Floats:
    """A quotient; NaN where the denominator is not above 0."""
    return np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)


def _each(values: NDArray[np.float32], function: Callable[[Any], float]) -> Floats:
    there = (row[~np.isnan(row)] for row in values)
    return np.array([float(function(row)) if len(row) else np.nan for row in there])


_BY_NAME: dict[str, Callable[[NDArray[np.float32]], Floats]] = {
    "mean": _mean,
    "median": lambda values: row_quantile(values, 0.5),
    "min": lambda values: np.asarray(np.fmin.reduce(values, axis=1), np.float64),
    "max": lambda values: np.asarray(np.fmax.reduce(values, axis=1), np.float64),
    "std": _std,
    "share_above_0": _share_above_0,
    "count": lambda values: _count(values).astype(np.float64),
}
