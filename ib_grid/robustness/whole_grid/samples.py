"""Samples of dates over which the combinations of a chunk are ranked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ib_grid.grid.grid import Grid
from ib_grid.robustness.whole_grid.streams import Streams
from ib_grid.robustness.whole_grid.weighted_sums import (
    WEIGHTINGS_AT_ONCE,
    Sums,
    coin_sums,
    plain_sums,
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sample:
    """Combinations of one setting over some of the selections.

    Attributes
    ----------
    selections : slice
        Which of all selections.
    in_sample : Sums
        A column per selection.
    out_of_sample_r : float64 array, shape (n_exits, n_selections)
    n_dates : float64 array, shape (n_selections,)
        Session dates in sample.
    """

    selections: slice
    in_sample: Sums
    out_of_sample_r: NDArray[np.float64]
    n_dates: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CoinSamples:
    """All dates, with trade directions decided by coins: a selection per draw.

    Attributes
    ----------
    dates : int64 array, shape (n_dates,)
        Session dates of the grid, days since 1970-01-01.
    signs : int8 array, shape (n_dates, n_draws)
    """

    dates: NDArray[np.int64]
    signs: NDArray[np.int8]

    def __len__(self) -> int:
        return self.signs.shape[1]

    def of(self, streams: Streams, grid: Grid) -> Iterator[Sample]:
        """Yield the samples of a chunk."""
        signs = self.signs[np.searchsorted(self.dates, streams.dates)].astype(np.float64)
        for first in range(0, len(self), WEIGHTINGS_AT_ONCE):
            some = slice(first, min(first + WEIGHTINGS_AT_ONCE, len(self)))
            n_dates = np.full(some.stop - first, float(len(streams.dates)))
            for sums in coin_sums(streams, grid, np.ascontiguousarray(signs[:, some])):
                yield Sample(
                    selections=some,
                    in_sample=sums,
                    out_of_sample_r=np.zeros_like(sums.total),
                    n_dates=n_dates,
                )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PeriodSamples:
    """Periods in sample and others out of sample: a selection per pair of both.

    Attributes
    ----------
    dates : int64 array, shape (n_dates,)
        Session dates of the grid, days since 1970-01-01.
    period : int64 array, shape (n_dates,)
        Month or block of each date.
    in_sample, out_of_sample : bool array, shape (n_selections, n_periods)
    """

    dates: NDArray[np.int64]
    period: NDArray[np.int64]
    in_sample: NDArray[np.bool_]
    out_of_sample: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.in_sample)

    def of(self, streams: Streams, grid: Grid) -> Iterator[Sample]:
        """Yield the samples of a chunk."""
        period = self.period[np.searchsorted(self.dates, streams.dates)]
        weights = np.eye(self.in_sample.shape[1])[period]
        groups = [
            slice(first, min(first + WEIGHTINGS_AT_ONCE, len(self)))
            for first in range(0, len(self), WEIGHTINGS_AT_ONCE)
        ]
        inside = [self.in_sample[some].T.astype(np.float64) for some in groups]
        outside = [self.out_of_sample[some].T.astype(np.float64) for some in groups]
        n_dates = [weights.sum(axis=0) @ mask for mask in inside]
        for sums in plain_sums(streams, grid, weights):
            for some, within, beyond, dates in zip(groups, inside, outside, n_dates, strict=True):
                # Exact: whole multiples of 2⁻²⁰, whatever the order in which BLAS adds them.
                yield Sample(
                    selections=some,
                    in_sample=Sums(
                        first_id=sums.first_id,
                        total=sums.total @ within,
                        squares=sums.squares @ within,
                        hits=sums.hits @ within,
                        trades=sums.trades @ within,
                    ),
                    out_of_sample_r=sums.total @ beyond,
                    n_dates=dates,
                )
