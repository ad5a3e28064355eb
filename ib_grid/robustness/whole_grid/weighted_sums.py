"""Sums over weighted dates of every combination, exact whatever the order of addition.

A weighting says how often each session date counts: a number of draws for the bootstrap, or 1 for
heads and 0 for tails of a coin. Neighbouring settings agree on most dates, so sums are carried from
one setting to the next and only the dates on which the two differ are added.

R and R² are rounded to multiples of 2⁻²⁰ and summed as whole numbers, which float64 does exactly
below 2⁵³: results are the same to the last bit for any chunk size, number of workers and order of
addition.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ib_grid.engine.fast.compiled import inner_kernel, kernel
from ib_grid.engine.fast.outcomes import NO_OUTCOME
from ib_grid.grid.grid import Grid
from ib_grid.robustness.whole_grid.streams import Streams

UNIT = 2.0**20
# Wins and losses are summed as one number: wins + LOSS · losses.
LOSS = 2.0**20
N_FIGURES = 3
# Dates are added in groups, of which a table has the sum for each way to weigh the dates. So many
# rows of a table stay in the processor's cache, and so many groups are added at once.
_TABLE_ROWS = 64
_GROUPS = 4
# On GER40 a step on these axes changes about 540, 435, 154, 47 and 14 of 736 dates.
_SLOWEST_FIRST = (
    "trade_window_minutes",
    "stop_mode",
    "min_sl_pct",
    "ib_buffer_pct",
    "max_distance_pct",
    "rebound",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Change:
    """Difference of a setting to the one visited before.

    A combination's sums over dates are those of `constant` plus those of `weighted` times the
    weights of their dates.

    Attributes
    ----------
    setting : int
        Position among the settings of the chunk.
    dates : int64 array, shape (n_changed,)
        Dates on which the two settings differ.
    trades : int64 array, shape (n_changed,)
        New less old trades: −1, 0 or 1.
    weighted, constant : float64 array, shape (n_changed, 3, n_exits)
        New less old R, R² and hits; valid until the next change.
    """

    setting: int
    dates: NDArray[np.int64]
    trades: NDArray[np.int64]
    weighted: NDArray[np.float64]
    constant: NDArray[np.float64]


def changes(streams: Streams, grid: Grid, *, coin: bool) -> Iterator[Change]:
    """Yield the change to each setting of a chunk, in an order with few differences.

    With a coin, a trade of weight 0 goes in the opposite direction; otherwise such a trade does not
    count, and nothing is constant.
    """
    n_dates = len(streams.dates)
    dates, trades = np.empty((2, n_dates), np.int64)
    weighted, constant = np.zeros((2, n_dates, N_FIGURES, streams.r.shape[1]))
    before = np.full(n_dates, NO_OUTCOME, np.int32)
    for setting in visiting_order(streams.first_setting, len(streams.outcome), grid):
        now = streams.outcome[setting]
        tables = streams.r, streams.opposite_r
        n = _differences(before, now, *tables, coin, dates, trades, weighted, constant)
        yield Change(
            setting=int(setting),
            dates=dates[:n],
            trades=trades[:n],
            weighted=weighted[:n],
            constant=constant[:n],
        )
        before = now


def visiting_order(first: int, n_settings: int, grid: Grid) -> NDArray[np.intp]:
    """Return an order of settings in which neighbours agree on most dates.

    That of a reflected Gray code over the setting axes, so that neighbours differ on one axis by
    one step as far as possible; the axes that change most outcomes are the slowest.
    """
    axes = dict(zip(list(grid.axes)[2:8], grid.shape[2:8], strict=True))
    index = np.arange(first, first + n_settings) % grid.settings_per_block
    digits = dict(zip(axes, np.unravel_index(index, tuple(axes.values())), strict=True))
    position = np.zeros(n_settings, np.int64)
    for axis in _SLOWEST_FIRST:
        turned = position % 2 == 1
        digit = np.where(turned, axes[axis] - 1 - digits[axis], digits[axis])
        position = position * axes[axis] + digit
    return np.argsort(position)


@kernel
def _differences(before, now, r, opposite_r, coin, dates, trades, weighted, constant):  # type: ignore[no-untyped-def]
    """Put the dates on which two settings differ, and the differences, into the last arrays."""
    n = 0
    for date in range(len(now)):
        old, new = before[date], now[date]
        if old == new:
            continue
        dates[n], trades[n] = date, 0
        weighted[n] = 0.0
        if coin:
            constant[n] = 0.0
        for outcome, sign in ((new, 1), (old, -1)):
            if outcome == NO_OUTCOME:
                continue
            trades[n] += sign
            _add_outcome(r[outcome], sign, weighted[n])
            if coin:
                _add_outcome(opposite_r[outcome], sign, constant[n])
                _add_outcome(opposite_r[outcome], -sign, weighted[n])
        n += 1
    return n


@inner_kernel
def _add_outcome(r, sign, to):  # type: ignore[no-untyped-def]
    """Add R, R² and hits of each exit pair as whole numbers, shape (3, n_exits)."""
    total, squares, hits = to[0], to[1], to[2]
    for i in range(len(r)):
        total[i] += sign * np.rint(r[i] * UNIT)
        squares[i] += sign * np.rint(r[i] * r[i] * UNIT)
        hits[i] += sign * ((1.0 if r[i] > 0 else 0.0) + (LOSS if r[i] < 0 else 0.0))


class CarriedSums:
    """Sums of the setting that is visited, over each period and for each weighting.

    Parameters
    ----------
    n_exits : int
    period : int64 array, shape (n_dates,)
        Ascending, from 0 to ``n_periods - 1``.
    weights : int16 array, shape (n_dates, n_weightings)
    n_periods : int
    n_figures : int
        1 for the sums of R, or 3 for those of R, R² and hits.

    Attributes
    ----------
    figures : float64 array, shape (n_periods, n_figures, n_weightings, n_exits)
    trades : int64 array, shape (n_periods,)
    """

    def __init__(
        self,
        n_exits: int,
        period: NDArray[np.int64],
        weights: NDArray[np.int16],
        n_periods: int = 1,
        n_figures: int = N_FIGURES,
    ) -> None:
        self._period, self._weights = period, np.ascontiguousarray(weights)
        self._most = weights.max(axis=1).astype(np.int64)
        self._tables = np.zeros((_GROUPS, max(_TABLE_ROWS, self._most.max(initial=0) + 1), n_exits))
        self.figures = np.zeros((n_periods, n_figures, weights.shape[1], n_exits))
        self.trades = np.zeros(n_periods, np.int64)

    def add(self, change: Change) -> None:
        """Go on to the next setting."""
        of_change = change.dates, change.trades, change.weighted, change.constant
        weighting = self._period, self._weights, self._most, self._tables
        _add(*of_change, *weighting, self.figures, self.trades)


@kernel
def _add(dates, trades, weighted, constant, period, weights, most, tables, figures, n_trades):  # type: ignore[no-untyped-def]
    """Add the changes on some dates to the sums of their periods."""
    n_groups, n_rows, _ = tables.shape
    code = np.empty((figures.shape[2], n_groups), np.int64)
    first, of_dates = np.zeros(n_groups + 1, np.int64), most[dates]
    while first[n_groups] < len(dates):
        end = first[0] = first[n_groups]
        p = period[dates[end]]
        while end < len(dates) and period[dates[end]] == p:
            end += 1
        each = -((first[0] - end) // n_groups)
        code[:] = 0
        for group in range(n_groups):
            n, size = first[group], 1
            while n < min(end, first[group] + each) and size * (of_dates[n] + 1) <= n_rows:
                of_date = weights[dates[n]]
                for k in range(len(code)):
                    code[k, group] += size * of_date[k]
                n_trades[p] += trades[n]
                size *= of_dates[n] + 1
                n += 1
            first[group + 1] = n
        for figure in range(figures.shape[1]):
            for group in range(n_groups):
                some = range(first[group], first[group + 1])
                _fill_table(weighted, constant, figure, some, of_dates, tables[group])
            for k in range(len(code)):
                a, b, c, d = code[k, 0], code[k, 1], code[k, 2], code[k, 3]
                rows = tables[0, a], tables[1, b], tables[2, c], tables[3, d]
                _add_four(*rows, figures[p, figure, k])


@inner_kernel
def _fill_table(weighted, constant, figure, some, most, table):  # type: ignore[no-untyped-def]
    """Put the sum over some dates for each way to weigh them into the rows of a table."""
    table[0] = 0.0
    for n in some:
        _sum(table[0], constant[n, figure], table[0])
    size = 1
    for n in some:
        for row in range(size, size * (most[n] + 1)):
            _sum(table[row - size], weighted[n, figure], table[row])
        size *= most[n] + 1


@inner_kernel
def _sum(a, b, to):  # type: ignore[no-untyped-def]
    for i in range(len(to)):
        to[i] = a[i] + b[i]


@inner_kernel
def _add_four(a, b, c, d, to):  # type: ignore[no-untyped-def]
    for i in range(len(to)):
        to[i] += (a[i] + b[i]) + (c[i] + d[i])
