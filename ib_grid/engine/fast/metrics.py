"""Metrics of many combinations at once (STRATEGY.md, section 8).

The trades of a setting are accumulated in running figures of all its exit pairs. Every loop runs
over the pairs and touches few arrays, so that the compiler turns it into vector code, and every
pair goes through the same operations in the same order whatever stands beside it. Four trades are
added in one pass over the pairs: the running figures then stay in registers between them. Wins and
losses are counted in 16 bits, of which a vector holds four times as many as of 64.
"""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np

from ib_grid.engine.fast.compiled import inner_kernel, kernel
from ib_grid.engine.fast.outcomes import NO_OUTCOME
from ib_grid.grid.columns import METRIC_NAMES
from ib_grid.grid.variations import PREFIXES

N_METRICS = len(METRIC_NAMES)
# The row of each metric in the results, by name: a metric is an entry in `columns.METRICS` and a
# line in `_finish`.
_ROW: Any = namedtuple("_ROW", METRIC_NAMES)(*range(N_METRICS))
N_GROUPS = 1 + len(PREFIXES)  # the whole, then each variation
MOST_TRADES = 2**15 - 1  # of a combination, that its counts can hold
TRADING_DAYS_PER_YEAR = 252
ZERO_DEVIATION = 1e-12

# Running figures and counts of a group, each an array over the exit pairs. The whole keeps only
# what depends on the sequence of all trades; the rest it takes from the variations at the end.
_SUM, _PEAK, _DRAWDOWN, _GAINS, _LOSSES, _DOWNSIDE, _FIRST, _SQUARES, _N_FIGURES = range(9)
_WIN_RUN, _LONGEST_WIN_RUN, _LOSS_RUN, _LONGEST_LOSS_RUN = range(4)
_WINS, _LOSING, _AMBIGUOUS, _N_COUNTS = range(4, 8)


@inner_kernel
def _next_total(total, peak, drawdown, r):  # type: ignore[no-untyped-def]
    """Return cumulative R, its peak and the drawdown after one more trade."""
    total += r
    peak = max(total, peak)
    return total, peak, max(peak - total, drawdown)


@inner_kernel
def _next_run(run, longest, hit):  # type: ignore[no-untyped-def]
    """Return the current and the longest run of wins, or of losses, after one more trade."""
    run = np.int16(run + 1) if hit else np.int16(0)
    return run, max(run, longest)


@inner_kernel
def _next_sums(gains, downside, squares, first, r):  # type: ignore[no-untyped-def]
    """Return sums after one more trade; squares are about the first R.

    Squares about 0 would let equal results deviate by rounding.
    """
    fall, difference = min(r, 0.0), r - first
    return gains + max(r, 0.0), downside + fall * fall, squares + difference * difference


@inner_kernel
def _add_to_total(figures, r, trades):  # type: ignore[no-untyped-def]
    """Add trades to cumulative R and drawdown."""
    total, peak, drawdown = figures[_SUM], figures[_PEAK], figures[_DRAWDOWN]
    for p in range(len(total)):
        now, top, fall = total[p], peak[p], drawdown[p]
        for trade in trades:
            now, top, fall = _next_total(now, top, fall, r[trade, p])
        total[p], peak[p], drawdown[p] = now, top, fall


@inner_kernel
def _add_to_runs(counts, sign, trades):  # type: ignore[no-untyped-def]
    """Add trades to the runs of wins and losses."""
    run, longest = counts[_WIN_RUN], counts[_LONGEST_WIN_RUN]
    for p in range(len(run)):
        n, most = run[p], longest[p]
        for trade in trades:
            n, most = _next_run(n, most, sign[trade, p] > 0)
        run[p], longest[p] = n, most
    run, longest = counts[_LOSS_RUN], counts[_LONGEST_LOSS_RUN]
    for p in range(len(run)):
        n, most = run[p], longest[p]
        for trade in trades:
            n, most = _next_run(n, most, sign[trade, p] < 0)
        run[p], longest[p] = n, most


@inner_kernel
def _add_to_sums(figures, counts, r, sign, trades):  # type: ignore[no-untyped-def]
    """Add trades to the sums and counts."""
    gains, downside = figures[_GAINS], figures[_DOWNSIDE]
    squares, first = figures[_SQUARES], figures[_FIRST]
    for p in range(len(gains)):
        won, fell, square, about = gains[p], downside[p], squares[p], first[p]
        for trade in trades:
            won, fell, square = _next_sums(won, fell, square, about, r[trade, p])
        gains[p], downside[p], squares[p] = won, fell, square
    wins, losing = counts[_WINS], counts[_LOSING]
    for p in range(len(wins)):
        n_won, n_lost = wins[p], losing[p]
        for trade in trades:
            n_won = np.int16(n_won + (sign[trade, p] > 0))
            n_lost = np.int16(n_lost + (sign[trade, p] < 0))
        wins[p], losing[p] = n_won, n_lost


@inner_kernel
def _add(figures, counts, results, trades, with_sums):  # type: ignore[no-untyped-def]
    """Add trades, given by a tuple of their outcomes."""
    _add_to_total(figures, results.r, trades)
    _add_to_runs(counts, results.sign, trades)
    if with_sums:
        _add_to_sums(figures, counts, results.r, results.sign, trades)


@inner_kernel
def _add_trades(figures, counts, results, outcomes, with_sums):  # type: ignore[no-untyped-def]
    """Add the trades of a group, given by their outcomes in the order of dates."""
    if with_sums:
        figures[_FIRST] = results.r[outcomes[0]]
    n = len(outcomes)
    for k in range(0, n - 3, 4):
        four = outcomes[k], outcomes[k + 1], outcomes[k + 2], outcomes[k + 3]
        _add(figures, counts, results, four, with_sums)
    for k in range(n - n % 4, n):
        _add(figures, counts, results, (outcomes[k],), with_sums)


@inner_kernel
def _count_ambiguous(counts, results, outcomes):  # type: ignore[no-untyped-def]
    for outcome in outcomes:
        if results.any_ambiguous[outcome]:
            for p in range(len(counts)):
                counts[p] += results.ambiguous[outcome, p]


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


@inner_kernel
def _sum_of(values, outcomes):  # type: ignore[no-untyped-def]
    """Return the sum of a value over outcomes."""
    total = 0.0
    for outcome in outcomes:
        total += values[outcome]
    return total


@kernel
def accumulate_metrics(results, outcome, variation, out, first_setting, first_exit):  # type: ignore[no-untyped-def]
    """Accumulate the metrics of every setting and exit pair in `out`.

    Parameters
    ----------
    results : Results
    outcome, variation : int32, int8 array, shape (n_settings, n_dates)
        Outcome, or NO_OUTCOME, and variation of each day's trade.
    out : float32 array, shape (n_groups, n_metrics, n_settings, n_exits)
    """
    n_settings, n_dates = outcome.shape
    n_exits = results.r.shape[1]
    figures = np.empty((N_GROUPS, _N_FIGURES, n_exits), np.float64)
    counts = np.empty((N_GROUPS, _N_COUNTS, n_exits), np.int16)
    outcomes = np.empty((N_GROUPS, n_dates), np.int32)
    n_trades = np.empty(N_GROUPS, np.int64)
    for setting in range(n_settings):
        figures[:], counts[:], n_trades[:] = 0.0, 0, 0
        for date in range(n_dates):
            if outcome[setting, date] == NO_OUTCOME:
                continue
            for group in (0, 1 + variation[setting, date]):
                outcomes[group, n_trades[group]] = outcome[setting, date]
                n_trades[group] += 1
        for group in range(N_GROUPS):
            if n_trades[group] > 0:
                own = outcomes[group, : n_trades[group]]
                _add_trades(figures[group], counts[group], results, own, group > 0)
                if group > 0:
                    _count_ambiguous(counts[group, _AMBIGUOUS], results, own)
        _complete(figures, counts, n_trades)
        row, last_exit = first_setting + setting, first_exit + n_exits
        for group in range(N_GROUPS):
            of_group = out[group, :, row, first_exit:last_exit]
            if n_trades[group] == 0:
                of_group[:] = 0.0
            else:
                n = n_trades[group]
                per_point = _sum_of(results.per_point, outcomes[group, :n])
                _finish(figures[group], counts[group], n, per_point, n_dates, of_group)
