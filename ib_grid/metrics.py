"""Metrics of many combinations at once, STRATEGY section 8.

The trades of a setting are folded date by date into running figures of all its exit pairs. Every
loop runs over the pairs and touches few arrays, so that the compiler turns it into vector code, and
every pair goes through the same operations in the same order whatever stands beside it.
"""

from __future__ import annotations

import numpy as np

from ib_grid.compiled import kernel
from ib_grid.entries import NO_ENTRY
from ib_grid.exits import result_r, time_exit_price
from ib_grid.results import METRIC_NAMES, PREFIXES

N_METRICS = len(METRIC_NAMES)
N_GROUPS = 1 + len(PREFIXES)  # the whole, then each variation
TRADING_DAYS_PER_YEAR = 252
ZERO_DEVIATION = 1e-12

# Running figures, each an array over the exit pairs.
(
    _SUM,
    _PEAK,
    _DRAWDOWN,
    _GAINS,
    _LOSSES,
    _DOWNSIDE,  # sum of squared losses
    _FIRST,  # R of the first trade: squares are summed about it, or equal results would deviate
    _OFF,  # sum of R - first
    _OFF_SQUARED,
    _WINS,
    _WIN_RUN,
    _LONGEST_WIN_RUN,
    _LOSING,
    _LOSS_RUN,
    _LONGEST_LOSS_RUN,
    _AMBIGUOUS,
    _N_FIGURES,
) = range(17)


@kernel
def _fold_sums(figures, r):  # type: ignore[no-untyped-def]
    total, peak, drawdown = figures[_SUM], figures[_PEAK], figures[_DRAWDOWN]
    for p in range(len(r)):
        now = total[p] + r[p]
        top = max(now, peak[p])
        total[p], peak[p] = now, top
        drawdown[p] = max(top - now, drawdown[p])


@kernel
def _fold_gains(figures, r):  # type: ignore[no-untyped-def]
    gains, losses, downside = figures[_GAINS], figures[_LOSSES], figures[_DOWNSIDE]
    for p in range(len(r)):
        loss = min(r[p], 0.0)
        gains[p] += max(r[p], 0.0)
        losses[p] += loss
        downside[p] += loss * loss


@kernel
def _fold_squares(figures, r):  # type: ignore[no-untyped-def]
    first, off, squared = figures[_FIRST], figures[_OFF], figures[_OFF_SQUARED]
    for p in range(len(r)):
        difference = r[p] - first[p]
        off[p] += difference
        squared[p] += difference * difference


@kernel
def _fold_runs(count, run, longest, r, sign):  # type: ignore[no-untyped-def]
    for p in range(len(r)):
        hit = 1.0 if sign * r[p] > 0 else 0.0
        length = (run[p] + 1.0) * hit
        count[p] += hit
        run[p] = length
        longest[p] = max(length, longest[p])


@kernel
def _fold_trade(figures, r, ambiguous, is_first):  # type: ignore[no-untyped-def]
    """Add one trade, with R and ambiguity of each pair, to a group's running figures."""
    if is_first:
        figures[_FIRST, :] = r
    _fold_sums(figures, r)
    _fold_gains(figures, r)
    _fold_squares(figures, r)
    _fold_runs(figures[_WINS], figures[_WIN_RUN], figures[_LONGEST_WIN_RUN], r, 1.0)
    _fold_runs(figures[_LOSING], figures[_LOSS_RUN], figures[_LONGEST_LOSS_RUN], r, -1.0)
    count = figures[_AMBIGUOUS]
    for p in range(len(r)):
        count[p] += ambiguous[p]


@kernel
def _quotient(numerator, denominator):  # type: ignore[no-untyped-def]
    return numerator / denominator if denominator != 0 else 0.0


@kernel
def _ratio(mean, variance):  # type: ignore[no-untyped-def]
    deviation = np.sqrt(max(variance, 0.0))
    if deviation < ZERO_DEVIATION:
        return 0.0
    return mean / deviation * np.sqrt(TRADING_DAYS_PER_YEAR)


@kernel
def _finish(figures, n_trades, n_dates, out):  # type: ignore[no-untyped-def]
    """Metrics of a group from its running figures, in the order of `results.METRICS`.

    The squares of a group's dates about their mean are those of its trades about theirs, plus what
    the zeros of the other dates add.
    """
    if n_trades == 0:
        out[:] = 0.0
        return
    n = float(n_trades)
    for p in range(figures.shape[1]):
        total, wins, losing = figures[_SUM, p], figures[_WINS, p], figures[_LOSING, p]
        gains, losses = figures[_GAINS, p], figures[_LOSSES, p]
        drawdown = figures[_DRAWDOWN, p]
        mean, mean_date = total / n, total / n_dates
        squares = max(figures[_OFF_SQUARED, p] - figures[_OFF, p] ** 2 / n, 0.0)
        squares_dates = squares + n * mean * mean * (1.0 - n / n_dates)
        out[0, p] = total
        out[1, p] = n
        out[2, p] = wins
        out[3, p] = losing
        out[4, p] = mean
        out[5, p] = _quotient(gains, wins)
        out[6, p] = _quotient(losses, losing)
        out[7, p] = _quotient(100.0 * wins, wins + losing)
        out[8, p] = _quotient(gains, -losses)
        out[9, p] = drawdown
        out[10, p] = _quotient(total, drawdown)
        out[11, p] = _ratio(mean_date, squares_dates / (n_dates - 1)) if n_dates > 1 else 0.0
        out[12, p] = _ratio(mean_date, figures[_DOWNSIDE, p] / n_dates) if n_dates > 1 else 0.0
        out[13, p] = _ratio(mean, squares / (n - 1)) if n_trades > 1 else 0.0
        out[14, p] = figures[_LONGEST_WIN_RUN, p]
        out[15, p] = figures[_LONGEST_LOSS_RUN, p]
        out[16, p] = figures[_AMBIGUOUS, p]


@kernel
def fold_settings(  # type: ignore[no-untyped-def]
    prices,
    entries,
    exits,
    chosen,
    variation,
    window_of,
    first_rows,
    last_rows,
    costs,
    out,
):
    """Metrics of every setting and exit pair.

    Parameters
    ----------
    chosen, variation : int32, int8 array, shape (n_settings, n_dates)
        Entry and variation of each day's trade.
    window_of : int64 array, shape (n_settings,)
    first_rows, last_rows : int64 array, shape (n_windows, n_dates)
    out : float32 array, shape (n_groups, n_metrics, n_settings, n_exits)
    """
    n_settings, n_dates = chosen.shape
    n_exits = exits.r.shape[1]
    figures = np.empty((N_GROUPS, _N_FIGURES, n_exits), np.float64)
    r, ambiguous = np.empty(n_exits, np.float64), np.empty(n_exits, np.float64)
    for setting in range(n_settings):
        n_trades = np.zeros(N_GROUPS, np.int64)
        figures[:] = 0.0
        for date in range(n_dates):
            place = chosen[setting, date]
            if place == NO_ENTRY:
                continue
            first_row = first_rows[window_of[setting], date]
            last_row = last_rows[window_of[setting], date]
            price = time_exit_price(prices, entries, place, first_row, last_row, costs)
            at_end = result_r(entries, place, price, costs)
            rows, rs, both = exits.row[place], exits.r[place], exits.ambiguous[place]
            for p in range(n_exits):
                in_time = rows[p] <= last_row
                r[p] = rs[p] if in_time else at_end
                ambiguous[p] = both[p] if in_time else 0.0
            for group in (0, 1 + variation[setting, date]):
                _fold_trade(figures[group], r, ambiguous, n_trades[group] == 0)
                n_trades[group] += 1
        for group in range(N_GROUPS):
            _finish(figures[group], n_trades[group], n_dates, out[group, :, setting, :])
