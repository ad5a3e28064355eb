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
    rows, n_exits = np.searchsorted(dates, streams.dates), streams.r.shape[1]
    # The first weighting is the data.
    drawn = np.hstack([np.ones((len(rows), 1), np.int16), counts[rows]])
    sums = CarriedSums(n_exits, np.zeros(len(rows), np.int64), drawn, n_figures=1)
    best, statistic = -np.inf, -np.inf
    largest = np.full((4, n_resamples), -np.inf)
    threshold = -math.sqrt(2 * math.log(math.log(n))) if n > 2 else 0.0
    outcome = np.full(n, NO_OUTCOME, np.int32)
    for change in changes(streams, grid, coin=False):
        sums.add(change)
        total = sums.figures[0, 0]
        mean = total[0] / UNIT / n
        outcome[rows] = streams.outcome[change.setting]
        variance = _long_run_variance(outcome, streams.r, mean, 1 - 1 / mean_block)
        inverse = np.zeros(n_exits)
        usable = variance > _LEAST_VARIANCE
        inverse[usable] = math.sqrt(n) / np.sqrt(variance[usable])
        best, statistic = max(best, mean.max()), max(statistic, (mean * inverse).max())
        centres = np.stack(
            [np.maximum(mean, 0.0), np.where(mean * inverse >= threshold, mean, 0.0), mean]
        )
        _raise(total[1:], 1 / UNIT / n, centres, inverse, largest)
    return Maxima(
        mean=float(best) * math.sqrt(n),
        studentized=float(statistic),
        resampled_mean=largest[0] * math.sqrt(n),
        resampled_studentized=largest[1:],
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
def _raise(total, unit, centres, inverse, largest):  # type: ignore[no-untyped-def]
    """Raise the largest statistics of each resample: of the mean, and of Hansen's three."""
    lower, consistent, upper = centres[0], centres[1], centres[2]
    for k in range(len(total)):
        of_resample, most = total[k], largest[:, k]
        higher = 0  # in few rows; to count is quick, as the compiler vectorises it
        for i in range(len(of_resample)):
            value, over = unit * of_resample[i], inverse[i]
            higher += (
                1
                if (value - upper[i] > most[0])
                | ((value - lower[i]) * over > most[1])
                | ((value - consistent[i]) * over > most[2])
                | ((value - upper[i]) * over > most[3])
                else 0
            )
        if not higher:
            continue
        for i in range(len(of_resample)):
            value, over = unit * of_resample[i], inverse[i]
            most[0] = max(most[0], value - upper[i])
            for centre in range(3):
                most[1 + centre] = max(most[1 + centre], (value - centres[centre, i]) * over)
