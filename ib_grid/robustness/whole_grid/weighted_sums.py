"""Sums over weighted dates of every combination, exact whatever the order of addition.

A weighting says how often each session date counts: 0 or 1 for months and blocks, a number of
draws for the bootstrap, 1 or −1 for a coin. Neighbouring settings agree on most dates, so sums are
carried from one setting to the next and only the dates on which the two differ are added.

R and R² are rounded to multiples of 2⁻²⁰ and summed as whole numbers, which float64 does exactly
below 2⁵³: results are the same to the last bit for any chunk size and number of workers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ib_grid.engine.fast.compiled import kernel
from ib_grid.engine.fast.outcomes import NO_OUTCOME
from ib_grid.grid.grid import Grid
from ib_grid.robustness.whole_grid.streams import Streams

UNIT = 2.0**20
# Wins and losses are summed as one number: wins + LOSS · losses.
LOSS = 2.0**20
# Weightings that are summed together: more would not fit into the processor's cache.
WEIGHTINGS_AT_ONCE = 64
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
class Sums:
    """Sums of the combinations of one setting over the dates of each weighting.

    Attributes
    ----------
    first_id : int
        Combination of the first exit pair; the ids of the others follow.
    total, squares, hits : float64 array, shape (n_exits, n_weightings)
        Σ R, Σ R², and dates with R above 0 + `LOSS` times those below 0.
    trades : float64 array, shape (n_weightings,)
        The same for all exit pairs.
    """

    first_id: int
    total: NDArray[np.float64]
    squares: NDArray[np.float64]
    hits: NDArray[np.float64]
    trades: NDArray[np.float64]


def tables(r: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the whole numbers that are summed for each outcome.

    Shape (3, n_outcomes + 1, n_exits): R, R² and hits; the last row is a date without a trade.
    """
    out = np.zeros((3, len(r) + 1, r.shape[1]))
    out[0, :-1] = np.rint(r * UNIT)
    out[1, :-1] = np.rint(r * r * UNIT)
    out[2, :-1] = (r > 0) + LOSS * (r < 0)
    return out


def plain_sums(streams: Streams, grid: Grid, weights: NDArray[np.float64]) -> Iterator[Sums]:
    """Yield the sums of each setting of a chunk, in no particular order.

    Parameters
    ----------
    streams : Streams
    grid : Grid
    weights : float64 array, shape (n_dates, n_weightings)
        Whole numbers.
    """
    of_date = tables(streams.r)
    traded = (streams.outcome != NO_OUTCOME).astype(np.float64) @ weights
    yield from _walk(streams, grid, np.zeros_like(of_date), of_date, weights, traded, 1.0)


def coin_sums(streams: Streams, grid: Grid, signs: NDArray[np.float64]) -> Iterator[Sums]:
    """Yield the sums of each setting where coins decide the direction of each date's trade.

    Parameters
    ----------
    streams : Streams
    grid : Grid
    signs : float64 array, shape (n_dates, n_draws)
        1 keeps the direction of all trades of a date, −1 turns it round.
    """
    kept, turned = tables(streams.r), tables(streams.opposite_r)
    traded = np.repeat(streams.n_trades[:, None].astype(np.float64), signs.shape[1], axis=1)
    yield from _walk(streams, grid, kept + turned, kept - turned, signs, traded, 0.5)


def _walk(
    streams: Streams,
    grid: Grid,
    constant: NDArray[np.float64],
    signed: NDArray[np.float64],
    weights: NDArray[np.float64],
    traded: NDArray[np.float64],
    scale: float,
) -> Iterator[Sums]:
    """Yield ``scale · (Σ constant + Σ weight · signed)`` of each setting."""
    n_exits, n_weightings = signed.shape[2], weights.shape[1]
    carried, base = np.zeros((3, n_exits, n_weightings)), np.zeros((3, n_exits))
    before = np.full(len(streams.dates), NO_OUTCOME, np.int32)
    for setting in visiting_order(streams.first_setting, len(streams.outcome), grid):
        now = streams.outcome[setting]
        _carry(before, now, constant, signed, weights, base, carried)
        before = now
        total, squares, hits = scale * (base[:, :, None] + carried)
        yield Sums(
            first_id=streams.first_id + int(setting) * n_exits,
            total=total / UNIT,
            squares=squares / UNIT,
            hits=hits,
            trades=traded[setting],
        )


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
def _carry(before, now, constant, signed, weights, base, carried):  # type: ignore[no-untyped-def]
    """Turn the sums of one setting into those of another, on the dates where they differ."""
    n_exits, n_weightings = carried.shape[1], carried.shape[2]
    for date in range(len(now)):
        old, new = before[date], now[date]
        if old == new:
            continue
        of_date = weights[date]
        for figure in range(3):
            for i in range(n_exits):
                base[figure, i] += constant[figure, new, i] - constant[figure, old, i]
                change = signed[figure, new, i] - signed[figure, old, i]
                if change != 0:
                    sums = carried[figure, i]
                    for k in range(n_weightings):
                        sums[k] += change * of_date[k]
