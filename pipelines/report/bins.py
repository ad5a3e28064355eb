"""Histograms with round edges."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.readers import Readers
from pipelines.report.partitions import File

_HISTOGRAM_BINS = 130


@dataclass(frozen=True, slots=True, kw_only=True)
class Bins:
    """Bins ``(k * width, (k + 1) * width]``: 0 is an edge, and what is 0 lies below it.

    Attributes
    ----------
    width : float
        1, 2 or 5 times a power of 10.
    first : int
        The k of the first bin.
    n : int
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
        """The bin of each value, values within the bins; shape (n_values,)."""
        return _bin_of(values, self.width) - self.first

    def counts(self, values: NDArray[Any]) -> NDArray[np.int64]:
        """How many values lie in each bin, shape (n,)."""
        return np.bincount(self.places(values), minlength=self.n)


def _bin_of(values: NDArray[Any], width: float) -> NDArray[np.int64]:
    return np.ceil(values.astype(np.float64) / width).astype(np.int64) - 1


def round_bins(low: float, high: float, at_most: int) -> Bins:
    """Bins of a round width that hold all from `low` to `high`; one more than asked at the most."""
    width = _round_up((high - low) / at_most) if high > low else 1.0
    first, last = (int(k) for k in _bin_of(np.array([low, high]), width))
    return Bins(width=width, first=first, n=last - first + 1)


def _round_up(value: float) -> float:
    """The next number of the form 1, 2 or 5 times a power of 10."""
    power = math.floor(math.log10(value))
    steps = (step * 10.0**p for p in (power, power + 1) for step in (1, 2, 5))
    return next(step for step in steps if step >= value)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Histogram:
    """Numbers of combinations by a figure; `counts` has shape (bins.n,)."""

    bins: Bins
    counts: NDArray[np.int64]


Values = Callable[[Sequence[File]], Iterator[NDArray[Any]]]


def histogram(files: Sequence[File], values: Values, readers: Readers) -> Histogram:
    """Histogram of a figure of some rows of the files, at least one.

    Two passes: the bins, then the counts. `values` has the figure block by block, no block empty.
    """
    ranges = readers.over(files, partial(_range, values=values))
    bins = round_bins(min(r[0] for r in ranges), max(r[1] for r in ranges), _HISTOGRAM_BINS)
    counts = readers.over(files, partial(_counts, values=values, bins=bins))
    return Histogram(bins=bins, counts=np.sum(counts, axis=0))


def _range(files: Sequence[File], values: Values) -> tuple[float, float]:
    low, high = math.inf, -math.inf
    for block in values(files):
        low, high = min(low, float(block.min())), max(high, float(block.max()))
    return low, high


def _counts(files: Sequence[File], values: Values, bins: Bins) -> NDArray[np.int64]:
    counts = np.zeros(bins.n, np.int64)
    for block in values(files):
        counts += bins.counts(block)
    return counts
