"""Histograms with round edges."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

HISTOGRAM_BINS = 130


@dataclass(frozen=True, slots=True, kw_only=True)
class Bins:
    """Bins ``(k * width, (k + 1) * width]``: 0 is an edge, and values of 0 lie below it.

    The width is 1, 2 or 5 times a power of 10; `first` is the k of the first bin.
    """

    width: float
    first: int
    n: int

    @property
    def edges(self) -> NDArray[np.float64]:
        """Shape (n + 1,)."""
        return np.asarray((self.first + np.arange(self.n + 1)) * self.width, np.float64)

    @property
    def middles(self) -> NDArray[np.float64]:
        """Shape (n,)."""
        return self.edges[:-1] + self.width / 2

    def places(self, values: NDArray[Any]) -> NDArray[np.int64]:
        """Return the bin of each value, shape (n_values,)."""
        return _bin_of(values, self.width) - self.first

    def counts(self, values: NDArray[Any]) -> NDArray[np.int64]:
        """Count the values in each bin, shape (n,)."""
        return np.bincount(self.places(values), minlength=self.n)


def _bin_of(values: NDArray[Any], width: float) -> NDArray[np.int64]:
    return np.ceil(values.astype(np.float64) / width).astype(np.int64) - 1


def round_bins(low: float, high: float, at_most: int) -> Bins:
    """Return bins of a round width from `low` to `high`, at most one more than `at_most`."""
    width = _round_up((high - low) / at_most) if high > low else 1.0
    first, last = (int(k) for k in _bin_of(np.array([low, high]), width))
    return Bins(width=width, first=first, n=last - first + 1)


def _round_up(value: float) -> float:
    """Return the next number of the form 1, 2 or 5 times a power of 10."""
    power = math.floor(math.log10(value))
    steps = (step * 10.0**p for p in (power, power + 1) for step in (1, 2, 5))
    return next(step for step in steps if step >= value)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Histogram:
    """Numbers of combinations by a figure; `counts` has shape (bins.n,)."""

    bins: Bins
    counts: NDArray[np.int64]
