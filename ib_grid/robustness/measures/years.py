"""Ranks of all combinations by their total R of each year, and how they agree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ib_grid.grid.grid import Grid
from ib_grid.robustness.results import Years
from ib_grid.robustness.whole_grid.streams import Streams
from ib_grid.robustness.whole_grid.weighted_sums import UNIT, CarriedSums, changes

# Total R is ranked in steps of 0.01 R, so that counts of values stand for the values.
_STEPS_PER_R = 100
# Ranks, from −1 to 1, are summed as whole multiples of this.
_RANK_UNIT = 2.0**20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class YearCounts:
    """Number of combinations with each total R of a year, of one year or several.

    Attributes
    ----------
    values : tuple of int64 arrays
        Total R in steps, ascending; one array per year.
    counts : tuple of int64 arrays
    """

    values: tuple[NDArray[np.int64], ...]
    counts: tuple[NDArray[np.int64], ...]

    def merge(self, other: YearCounts) -> YearCounts:
        """Return the counts over the combinations of both."""
        pairs = [
            _added(np.concatenate(values), np.concatenate(counts))
            for values, counts in zip(
                zip(self.values, other.values, strict=True),
                zip(self.counts, other.counts, strict=True),
                strict=True,
            )
        ]
        return YearCounts(
            values=tuple(values for values, _ in pairs), counts=tuple(counts for _, counts in pairs)
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RankProducts:
    """Sums over combinations of the products of their ranks in two years.

    `sums` are whole numbers of any size, shape (n_years, n_years).
    """

    sums: NDArray[np.object_]

    def merge(self, other: RankProducts) -> RankProducts:
        """Return the sums over the combinations of both."""
        return RankProducts(sums=self.sums + other.sums)


def _added(
    values: NDArray[np.int64], counts: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    distinct, index = np.unique(values, return_inverse=True)
    added = np.zeros(len(distinct), np.int64)
    np.add.at(added, index, counts)
    return distinct, added


def years_of(dates: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the years of some dates (days since 1970-01-01), and the index of each date's."""
    year = dates.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    years, index = np.unique(year, return_inverse=True)
    return years, index


def year_counts(streams: Streams, grid: Grid, dates: NDArray[np.int64]) -> YearCounts:
    """Return how many combinations of a chunk have each total R of a year."""
    totals = np.concatenate(list(_totals(streams, grid, dates)))
    pairs = [np.unique(of_year, return_counts=True) for of_year in totals.T]
    return YearCounts(
        values=tuple(values for values, _ in pairs),
        counts=tuple(counts.astype(np.int64) for _, counts in pairs),
    )


def rank_products(
    streams: Streams, grid: Grid, dates: NDArray[np.int64], counts: YearCounts
) -> RankProducts:
    """Return the sums over a chunk; equal values share their mean rank."""
    totals = np.concatenate(list(_totals(streams, grid, dates)))
    ranks = []
    for values, count, total in zip(counts.values, counts.counts, totals.T, strict=True):
        n = int(count.sum())
        middle = (2.0 * np.cumsum(count) - count - n) / n
        ranks.append(np.rint(middle * _RANK_UNIT)[np.searchsorted(values, total)])
    of_year = np.stack(ranks).astype(np.int64)
    return RankProducts(sums=(of_year[:, None] * of_year[None]).sum(axis=2).astype(object))


def years_result(dates: NDArray[np.int64], products: RankProducts) -> Years:
    """Return the rank correlation of years from the products of all combinations' ranks."""
    years, _ = years_of(dates)
    sums = products.sums
    squares = sums.diagonal().astype(np.float64)
    correlation = tuple(
        tuple(
            float(sums[i, j]) / float(np.sqrt(squares[i] * squares[j]))
            if squares[i] and squares[j]
            else None
            for j in range(len(years))
        )
        for i in range(len(years))
    )
    return Years(years=tuple(years.tolist()), rank_correlation=correlation)


def _totals(streams: Streams, grid: Grid, dates: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Yield the total R of each year in steps, shape (n_exits, n_years), setting by setting."""
    years, index = years_of(dates)
    heads = np.ones((len(streams.dates), 1), np.int16)
    period = index[np.searchsorted(dates, streams.dates)]
    sums = CarriedSums(streams.r.shape[1], period, heads, len(years), 1)
    for change in changes(streams, grid, coin=False):
        sums.add(change)
        yield np.rint(sums.figures[:, 0, 0].T * (_STEPS_PER_R / UNIT)).astype(np.int64)
