"""Sums over weighted dates of every combination, exact whatever the order of addition.

A weighting says how often each session date counts: 0 or 1 for months and blocks, a number of
draws for the bootstrap, 1 or −1 for a coin. Neighbouring settings agree on most dates, so sums are
carried from one setting to the next and only the dates on which the two differ are added.

R and R² are rounded to multiples of 2⁻²⁰ and summed as whole numbers, which float64 does exactly
below 2⁵³: results are the same to the last bit for any chunk size, number of workers and order of
addition, also that of a matrix product.
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
    weights of their dates; where coins decide the direction, half of that (`scale_of`).

    Attributes
    ----------
    setting : int
        Position among the settings of the chunk.
    dates : int64 array, shape (n_changed,)
        Dates on which the two settings differ.
    weighted, constant : float64 array, shape (n_changed, 3, n_exits)
        New less old R, R² and hits; valid until the next change.
    """

    setting: int
    dates: NDArray[np.int64]
    weighted: NDArray[np.float64]
    constant: NDArray[np.float64]


def changes(streams: Streams, grid: Grid, *, coin: bool) -> Iterator[Change]:
    """Yield the change to each setting of a chunk, in an order with few differences.

    With a coin, a weight of −1 turns the direction of a trade round; otherwise weights count the
    trades as they are, and nothing is constant.
    """
    n_dates = len(streams.dates)
    dates = np.empty(n_dates, np.int64)
    weighted, constant = np.zeros((2, n_dates, N_FIGURES, streams.r.shape[1]))
    before = np.full(n_dates, NO_OUTCOME, np.int32)
    for setting in visiting_order(streams.first_setting, len(streams.outcome), grid):
        now = streams.outcome[setting]
        tables = streams.r, streams.opposite_r
        n = _differences(before, now, *tables, coin, dates, weighted, constant)
        yield Change(
            setting=int(setting), dates=dates[:n], weighted=weighted[:n], constant=constant[:n]
        )
        before = now


def scale_of(*, coin: bool) -> float:
    """Return what the sums of changes are multiplied by."""
    return 0.5 if coin else 1.0


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
def _differences(before, now, r, opposite_r, coin, dates, weighted, constant):  # type: ignore[no-untyped-def]
    """Put the dates on which two settings differ, and the differences, into the last arrays."""
    n = 0
    for date in range(len(now)):
        old, new = before[date], now[date]
        if old == new:
            continue
        dates[n] = date
        weighted[n] = 0.0
        if coin:
            constant[n] = 0.0
        for outcome, sign in ((new, 1.0), (old, -1.0)):
            if outcome == NO_OUTCOME:
                continue
            _add_outcome(r[outcome], sign, weighted[n])
            if coin:
                _add_outcome(r[outcome], sign, constant[n])
                _add_outcome(opposite_r[outcome], sign, constant[n])
                _add_outcome(opposite_r[outcome], -sign, weighted[n])
        n += 1
    return n


@inner_kernel
def _add_outcome(r, sign, to):  # type: ignore[no-untyped-def]
    """Add R, R² and hits of each exit pair as whole numbers, shape (3, n_exits)."""
    for i in range(len(r)):
        to[0, i] += sign * np.rint(r[i] * UNIT)
        to[1, i] += sign * np.rint(r[i] * r[i] * UNIT)
        to[2, i] += sign * ((1.0 if r[i] > 0 else 0.0) + (LOSS if r[i] < 0 else 0.0))


class CarriedSums:
    """Sums of the setting that is visited, for each weighting.

    Attributes
    ----------
    figures : float64 array, shape (n_figures, n_exits, n_weightings)
        Weighted part of the sums of R, and of R² and hits if there are three figures.
    base : float64 array, shape (n_figures, n_exits)
        Constant part.
    """

    def __init__(
        self, n_exits: int, weights: NDArray[np.float64], n_figures: int = N_FIGURES
    ) -> None:
        self._weights = weights
        self._flat = np.zeros((n_figures * n_exits, weights.shape[1]))
        self._added = np.empty_like(self._flat)
        self.figures = self._flat.reshape(n_figures, n_exits, -1)
        self.base = np.zeros((n_figures, n_exits))

    def add(self, change: Change) -> None:
        """Go on to the next setting."""
        n, width = len(change.dates), len(self._flat)
        if n:
            added = change.weighted.reshape(n, -1)[:, :width]
            np.dot(added.T, self._weights[change.dates], out=self._added)
            self._flat += self._added
            self.base += change.constant.sum(axis=0)[: len(self.base)]
