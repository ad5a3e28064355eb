"""Reductions of a cell's values to one number."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ib_grid.errors import ConfigError

Values = NDArray[np.float32]
Reduction = str | Callable[[Values], float]

_PERCENTILE = re.compile(r"p(\d{1,3})")
NAMES = ("mean", "median", "min", "max", "std", "share_above_0", "count", "p0 to p100")


def reducer(reduction: Reduction) -> Callable[[Values], float]:
    """Return the function that reduces the values of a cell to one number.

    ``mean``, ``median``, ``min``, ``max``, ``std`` (n - 1), ``share_above_0`` (percent), ``count``,
    ``p10`` and other percentiles (linear between neighbouring values); or a function of the values,
    float32 array of shape (n,), n above 0. Without values the result is NaN, and 0 for ``count``.

    Examples
    --------
    >>> reducer("p75")(np.array([1, 2, 3, 5], np.float32))
    3.5
    >>> reducer("share_above_0")(np.array([-1, 2, 3, 5], np.float32))
    75.0
    """
    if reduction == "count":
        return lambda values: float(len(values))
    function = _function(reduction)
    return lambda values: float(function(values)) if len(values) else np.nan


def _function(reduction: Reduction) -> Callable[[Values], float]:
    if callable(reduction):
        return reduction
    if reduction in _BY_NAME:
        return _BY_NAME[reduction]
    match = _PERCENTILE.fullmatch(str(reduction))
    if match and int(match[1]) <= 100:
        return lambda values: quantiles(values, [int(match[1]) / 100])[0]
    raise ConfigError(
        f"unknown reduction {reduction!r}", expected=f"{', '.join(NAMES)}, or a function"
    )


def quantiles(values: Values, probabilities: Sequence[float]) -> NDArray[np.float64]:
    """Return quantiles, linear between neighbouring values; NaN where there is no value.

    The values, float32 of shape (n,), are finite and are sorted in place.
    """
    if not len(values):
        return np.full(len(probabilities), np.nan)
    values.sort()
    rank = (len(values) - 1) * np.asarray(probabilities)
    below = np.floor(rank).astype(np.int64)
    above = np.minimum(below + 1, len(values) - 1)
    low, high = values[below].astype(np.float64), values[above].astype(np.float64)
    return np.asarray(low + (rank - below) * (high - low))


_BY_NAME: dict[str, Callable[[Values], float]] = {
    "mean": lambda values: values.mean(dtype=np.float64),
    "median": lambda values: quantiles(values, [0.5])[0],
    "min": np.min,
    "max": np.max,
    "std": lambda values: values.std(dtype=np.float64, ddof=1) if len(values) > 1 else np.nan,
    "share_above_0": lambda values: 100 * np.count_nonzero(values > 0) / len(values),
}
