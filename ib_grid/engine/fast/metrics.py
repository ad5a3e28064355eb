"""Metrics of many combinations at once (STRATEGY.md, section 8).

The trades of a setting are accumulated date by date in running figures of all its exit pairs. Every
loop runs over the pairs and touches few arrays, so that the compiler turns it into vector code, and
every pair goes through the same operations in the same order whatever stands beside it.
"""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np

from ib_grid.engine.fast.compiled import inner_kernel, kernel
from ib_grid.engine.fast.entries import NO_ENTRY
from ib_grid.engine.fast.exits import result_r, time_exit_price
from ib_grid.grid.columns import METRIC_NAMES
from ib_grid.grid.variations import PREFIXES

N_METRICS = len(METRIC_NAMES)
# The row of each metric in the results, by name: a metric is an entry in `columns.METRICS` and a
# line in `_finish`.
_ROW: Any = namedtuple("_ROW", METRIC_NAMES)(*range(N_METRICS))
N_GROUPS = 1 + len(PREFIXES)  # the whole, then each variation
TRADING_DAYS_PER_YEAR = 252
ZERO_DEVIATION = 1e-12

# Running figures and counts of a group, each an array over the exit pairs. The whole keeps only
# what depends on the sequence of all trades; the rest it takes from the variations at the end.
_SUM, _PEAK, _DRAWDOWN, _GAINS, _LOSSES, _DOWNSIDE, _FIRST, _SQUARES, _N_FIGURES = range(9)
_WIN_RUN, _LONGEST_WIN_RUN, _LOSS_RUN, _LONGEST_LOSS_RUN = range(4)
_WINS, _LOSING, _AMBIGUOUS, _N_COUNTS = range(4, 8)


@inner_kernel
def _add_to_sequence(figures, counts, r, win, loss):  # type: ignore[no-untyped-def]
    """Add a trade to cumulative R, drawdown and the runs of wins and losses."""
    total, peak, drawdown = figures[_SUM], figures[_PEAK], figures[_DRAWDOWN]
    for p in range(len(r)):
        now = total[p] + r[p]
        top = max(now, peak[p])
        total[p], peak[p] = now, top
        drawdown[p] = max(top - now, drawdown[p])
    _add_to_run(counts[_WIN_RUN], counts[_LONGEST_WIN_RUN], win)
    _add_to_run(counts[_LOSS_RUN], counts[_LONGEST_LOSS_RUN], loss)


@inner_kernel
def _add_to_run(run, longest, hit):  # type: ignore[no-untyped-def]
    for p in range(len(hit)):
        length = (run[p] + np.int32(1)) * hit[p]
        run[p] = length
        longest[p] = max(length, longest[p])


@inner_kernel
def _add_to_sums(figures, counts, r, win, loss, is_first):  # type: ignore[no-untyped-def]
    """Add a trade to the sums and counts.

    Squares are summed about the first R, or equal results would deviate by rounding.
    """
    first, squares = figures[_FIRST], figures[_SQUARES]
    if is_first:
        for p in range(len(r)):
            first[p] = r[p]
    gains, downside = figures[_GAINS], figures[_DOWNSIDE]
    for p in range(len(r)):
        fall, difference = min(r[p], 0.0), r[p] - first[p]
        gains[p] += max(r[p], 0.0)
        downside[p] += fall * fall
        squares[p] += difference * difference
    wins, losing = counts[_WINS], counts[_LOSING]
    for p in range(len(r)):
        wins[p] += win[p]
        losing[p] += loss[p]


@inner_kernel
def _results_of_trade(rows, rs, last_row, at_end, r, win, loss):  # type: ignore[no-untyped-def]
    """Compute R, win and loss of each exit pair, by time exit if no other came first."""
    for p in range(len(r)):
        r[p] = rs[p] if rows[p] <= last_row else at_end
    for p in range(len(r)):
        win[p] = r[p] > 0
        loss[p] = r[p] < 0


@inner_kernel
def _count_ambiguous(count, rows, ambiguous, last_row):  # type: ignore[no-untyped-def]
    for p in range(len(count)):
        count[p] += ambiguous[p] and rows[p] <= last_row


@inner_kernel
def _complete(figures, counts, n_trades):  # type: ignore[no-untyped-def]
    """Turn squares about the first R into squares about the mean, and sum up the whole.

    The squares of the whole are those within each variation and those between their means. Without
    a loss gains are the sum to the last bit, so that losses come out as 0.
    """
    whole, n_all = figures[0], max(n_trades[0], 1)
    for group in range(1, N_GROUPS):
        if n_trades[group] == 0:
            continue
        own, n = figures[group], float(n_trades[group])
        for p in range(figures.shape[2]):
            total = own[_SUM, p]
            off = total - n * own[_FIRST, p]
            squares = max(own[_SQUARES, p] - off * off / n, 0.0)
            own[_SQUARES, p], own[_LOSSES, p] = squares, total - own[_GAINS, p]
            apart = total / n - whole[_SUM, p] / n_all
            whole[_SQUARES, p] += squares + n * (apart * apart)
            whole[_GAINS, p] += own[_GAINS, p]
            whole[_LOSSES, p] += own[_LOSSES, p]
            whole[_DOWNSIDE, p] += own[_DOWNSIDE, p]
            counts[0, _WINS, p] += counts[group, _WINS, p]
            counts[0, _LOSING, p] += counts[group, _LOSING, p]
            counts[0, _AMBIGUOUS, p] += counts[group, _AMBIGUOUS, p]


@inner_kernel
def _quotient(numerator, denominator):  # type: ignore[no-untyped-def]
    return numerator / denominator if denominator != 0 else 0.0


@inner_kernel
def _ratio(mean, variance):  # type: ignore[no-untyped-def]
    deviation = np.sqrt(max(variance, 0.0))
    if deviation < ZERO_DEVIATION:
        return 0.0
    return mean / deviation * np.sqrt(TRADING_DAYS_PER_YEAR)


@inner_kernel
def _finish(figures, counts, n_trades, inverse_risk, n_dates, out):  # type: ignore[no-untyped-def]
    """Write the metrics of a group from its running figures (STRATEGY 8).

    The squares of a group's dates about their mean are those of its trades about theirs, plus what
    the zeros of the other dates add.
    """
    n = float(n_trades)
    for p in range(figures.shape[1]):
        total, wins, losing = figures[_SUM, p], counts[_WINS, p], counts[_LOSING, p]
        gains, losses = figures[_GAINS, p], figures[_LOSSES, p]
        drawdown, squares = figures[_DRAWDOWN, p], figures[_SQUARES, p]
        mean, mean_date = total / n, total / n_dates
        squares_dates = squares + n * mean * mean * (1.0 - n / n_dates)
        sharpe = sortino = sharpe_trades = 0.0
        if n_dates > 1:
            sharpe = _ratio(mean_date, squares_dates / (n_dates - 1))
            sortino = _ratio(mean_date, figures[_DOWNSIDE, p] / n_dates)
        if n_trades > 1:
            sharpe_trades = _ratio(mean, squares / (n - 1))
        out[_ROW.total_r, p] = total
        out[_ROW.total_trades, p] = n
        out[_ROW.winning_trades, p] = wins
        out[_ROW.losing_trades, p] = losing
        out[_ROW.avg_trade_r, p] = mean
        out[_ROW.avg_r_wins, p] = _quotient(gains, wins)
        out[_ROW.avg_r_losses, p] = _quotient(losses, losing)
        out[_ROW.winrate, p] = _quotient(100.0 * wins, wins + losing)
        out[_ROW.profit_factor, p] = _quotient(gains, -losses)
        out[_ROW.max_drawdown, p] = drawdown
        out[_ROW.recovery_factor, p] = _quotient(total, drawdown)
        out[_ROW.sharpe_ratio, p] = sharpe
        out[_ROW.sortino_ratio, p] = sortino
        out[_ROW.sharpe_trades, p] = sharpe_trades
        out[_ROW.max_consec_wins, p] = counts[_LONGEST_WIN_RUN, p]
        out[_ROW.max_consec_losses, p] = counts[_LONGEST_LOSS_RUN, p]
        out[_ROW.ambiguous_trades, p] = counts[_AMBIGUOUS, p]
        out[_ROW.break_even_points, p] = _quotient(total, inverse_risk)


@kernel
def accumulate_metrics(  # type: ignore[no-untyped-def]
    prices,
    entries,
    exits,
    entry_index,
    variation,
    window_of,
    first_rows,
    last_rows,
    costs,
    out,
    first_setting,
    first_exit,
):
    """Accumulate the metrics of every setting and exit pair in `out`.

    Parameters
    ----------
    entry_index, variation : int32, int8 array, shape (n_settings, n_dates)
        Entry and variation of each day's trade.
    window_of : int64 array, shape (n_settings,)
    first_rows, last_rows : int64 array, shape (n_windows, n_dates)
    out : float32 array, shape (n_groups, n_metrics, n_settings, n_exits)
    """
    n_settings, n_dates = entry_index.shape
    n_exits = exits.r.shape[1]
    figures = np.empty((N_GROUPS, _N_FIGURES, n_exits), np.float64)
    counts = np.empty((N_GROUPS, _N_COUNTS, n_exits), np.int32)
    n_trades = np.empty(N_GROUPS, np.int64)
    inverse_risk = np.empty(N_GROUPS, np.float64)  # sum of 1 / risk, the same for every exit
    r = np.empty(n_exits, np.float64)
    win, loss = np.empty(n_exits, np.int32), np.empty(n_exits, np.int32)
    for setting in range(n_settings):
        figures[:], counts[:], n_trades[:] = 0.0, 0, 0
        inverse_risk[:] = 0.0
        for date in range(n_dates):
            index = entry_index[setting, date]
            if index == NO_ENTRY:
                continue
            first_row = first_rows[window_of[setting], date]
            last_row = last_rows[window_of[setting], date]
            price = time_exit_price(prices, entries, index, first_row, last_row, costs)
            at_end = result_r(entries, index, price, costs)
            rows = exits.row[index]
            _results_of_trade(rows, exits.r[index], last_row, at_end, r, win, loss)
            group = 1 + variation[setting, date]
            _add_to_sequence(figures[0], counts[0], r, win, loss)
            _add_to_sequence(figures[group], counts[group], r, win, loss)
            is_first = n_trades[group] == 0
            _add_to_sums(figures[group], counts[group], r, win, loss, is_first)
            if exits.any_ambiguous[index]:
                _count_ambiguous(counts[group, _AMBIGUOUS], rows, exits.ambiguous[index], last_row)
            n_trades[0] += 1
            n_trades[group] += 1
            per_point = _quotient(1.0, entries.risk[index])
            inverse_risk[0] += per_point
            inverse_risk[group] += per_point
        _complete(figures, counts, n_trades)
        row, last_exit = first_setting + setting, first_exit + n_exits
        for group in range(N_GROUPS):
            of_group = out[group, :, row, first_exit:last_exit]
            if n_trades[group] == 0:
                of_group[:] = 0.0
            else:
                n, per_point = n_trades[group], inverse_risk[group]
                _finish(figures[group], counts[group], n, per_point, n_dates, of_group)
