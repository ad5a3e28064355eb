"""Largest means over the combinations of a chunk, of the data and of bootstrap resamples."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ib_grid.engine.fast.compiled import kernel
from ib_grid.engine.fast.outcomes import NO_OUTCOME
from ib_grid.grid.grid import Grid
from ib_grid.robustness.statistics.reality_check import Maxima
from ib_grid.robustness.whole_grid.streams import Streams
from ib_grid.robustness.whole_grid.weighted_sums import UNIT, CarriedSums, changes

# Resamples that are compared together: more would not fit into the processor's cache.
_RESAMPLES_AT_ONCE = 256
# Logarithm of a weight beside which others are lost in rounding.
_NEGLIGIBLE = -45.0
# A smaller variance of R is rounding.
_LEAST_VARIANCE = 1e-12


def maxima_of_chunk(
    streams: Streams,
    grid: Grid,
    dates: NDArray[np.int64],
    counts: NDArray[np.int16],
    mean_block: float,
) -> Maxima:
    """Return the largest statistics of a chunk's combinations.

    Parameters
    ----------
    streams : Streams
    grid : Grid
    dates : int64 array, shape (n_dates,)
        Session dates of the grid; a date of another session counts as one without a trade.
    counts : int16 array, shape (n_dates, n_resamples)
        How often each date is drawn.
    mean_block : float
    """
    n, n_resamples = counts.shape
    rows = np.searchsorted(dates, streams.dates)
    n_exits = streams.r.shape[1]
    some = [slice(k, k + _RESAMPLES_AT_ONCE) for k in range(0, n_resamples, _RESAMPLES_AT_ONCE)]
    drawn = counts[rows].astype(np.float64)
    carried = [CarriedSums(n_exits, np.ascontiguousarray(drawn[:, k]), 1) for k in some]
    once = CarriedSums(n_exits, np.ones((len(rows), 1)), 1)
    best, statistic = -np.inf, -np.inf
    largest = [np.full((4, sums.figures.shape[2]), -np.inf) for sums in carried]
    threshold = -math.sqrt(2 * math.log(math.log(n))) if n > 2 else 0.0
    outcome = np.full(n, NO_OUTCOME, np.int32)
    for change in changes(streams, grid, coin=False):
        once.add(change)
        mean = once.figures[0, :, 0] / UNIT / n
        outcome[rows] = streams.outcome[change.setting]
        variance = _long_run_variance(outcome, streams.r, mean, 1 - 1 / mean_block)
        inverse = np.zeros(n_exits)
        usable = variance > _LEAST_VARIANCE
        inverse[usable] = math.sqrt(n) / np.sqrt(variance[usable])
        best, statistic = max(best, mean.max()), max(statistic, (mean * inverse).max())
        consistent = np.where(mean * inverse >= threshold, mean, 0.0)
        for sums, found in zip(carried, largest, strict=True):
            sums.add(change)
            _raise(sums.figures[0], 1 / UNIT / n, mean, consistent, inverse, found)
    together = np.concatenate(largest, axis=1)
    return Maxima(
        mean=float(best) * math.sqrt(n),
        studentized=float(statistic),
        resampled_mean=together[0] * math.sqrt(n),
        resampled_studentized=together[1:],
    )


@kernel
def _long_run_variance(outcome, r, mean, stay):  # type: ignore[no-untyped-def]
    """Return ω² of each exit pair in one pass instead of one for each lag, shape (n_exits,).

    The weight κ of a lag and that of its complement make the sum over lags one over circular lags
    j with weight (n − j)/n · stay^j, which a recursion carries from date to date.
    """
    n, n_exits = len(outcome), r.shape[1]
    # Older dates weigh nothing in float64.
    gathered = n - 1 if stay == 0 else min(n - 1, int(np.ceil(_NEGLIGIBLE / np.log(stay))))
    lagged, weighted = np.zeros(n_exits), np.zeros(n_exits)
    squares, products = np.zeros(n_exits), np.zeros(n_exits)
    x = np.zeros(n_exits)
    whole_turn = stay**n
    for step in range(n - gathered, 2 * n):
        date = step if step < n else step - n
        for i in range(n_exits):
            value = -mean[i]
            if outcome[date] != NO_OUTCOME:
                value += r[outcome[date], i]
            x[i] = value
        if step >= n:  # before, the lags of the first date are gathered
            for i in range(n_exits):
                if step > n:
                    lagged[i] -= whole_turn * x[i]
                squares[i] += x[i] * x[i]
                products[i] += x[i] * weighted[i]
        for i in range(n_exits):
            lagged[i] += x[i]
            weighted[i] = stay * (weighted[i] + x[i] - lagged[i] / n)
            lagged[i] *= stay
    return (squares + 2.0 * products) / n


@kernel
def _raise(total, unit, mean, consistent, inverse, largest):  # type: ignore[no-untyped-def]
    """Raise the largest statistics of each resample: of the mean, and of Hansen's three."""
    plain, lower, middle, upper = largest[0], largest[1], largest[2], largest[3]
    for i in range(len(total)):
        of_exit = total[i]
        centre, m, over = mean[i], consistent[i], inverse[i]
        least = max(centre, 0.0)
        for k in range(len(plain)):
            value = unit * of_exit[k]
            plain[k] = max(plain[k], value - centre)
            lower[k] = max(lower[k], (value - least) * over)
            middle[k] = max(middle[k], (value - m) * over)
            upper[k] = max(upper[k], (value - centre) * over)
