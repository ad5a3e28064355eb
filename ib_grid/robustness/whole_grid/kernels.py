"""Kernels of the rounds over a grid: extrema, the best score, counts of lesser results.

Each takes the combinations of one setting and all selections, which are pairs of samples of dates
under each draw of a coin. A selection's sums differ from those of the one before by few periods, so
only these are added or taken away. Arguments that all share:

figures : float64 array, shape (n_periods, n_figures, n_draws, n_exits)
trades : int64 array, shape (n_periods,)
    As in `CarriedSums`.
inside, outside : bool array, shape (n_samples, n_periods)
    Periods in sample and out of sample.
n_dates : int64 array, shape (n_periods,)
    Session dates of each period.
weights : float64 array, shape (n_rankable,)

Results are laid out by pair of samples, and by draw within it.
"""

from __future__ import annotations

import numpy as np

from ib_grid.engine.fast.compiled import inner_kernel, kernel
from ib_grid.robustness.whole_grid.metrics import (
    RANKABLE,
    mean_over_deviation,
    ratio_factors,
    winrate_of,
)
from ib_grid.robustness.whole_grid.weighted_sums import UNIT

_N_RANKABLE = len(RANKABLE)


@kernel
def widen_extremes(  # type: ignore[no-untyped-def]
    figures,
    trades,
    inside,
    n_dates,
    weights,
    min_trades,
    low,
    high,
    best,
    sharpes,
    profitable,
):
    """Widen the extrema of each selection by the combinations of a setting.

    `low` and `high` are over those with enough trades, the last three over all.
    """
    n_draws, others = figures.shape[2], weights[3:].any()
    sums, before = np.zeros(figures.shape[1:]), np.zeros(inside.shape[1], np.bool_)
    values = np.empty((_N_RANKABLE, figures.shape[3]))
    for sample in range(len(inside)):
        switch_periods(before, inside[sample], figures, sums)
        n_trades = total_of(trades, inside[sample])
        for draw in range(n_draws):
            k = sample * n_draws + draw
            put_metrics(sums, draw, total_of(n_dates, inside[sample]), n_trades, others, values)
            profitable[k] += _count_positive(values[0])
            _, best[k] = _widened(-np.inf, best[k], values[0])
            _, sharpes[k] = _widened(-np.inf, sharpes[k], values[1])
            if n_trades >= min_trades:
                for m in range(len(values) if others else 3):
                    low[m, k], high[m, k] = _widened(low[m, k], high[m, k], values[m])


@inner_kernel
def switch_periods(before, now, figures, sums):  # type: ignore[no-untyped-def]
    """Turn sums over some periods into sums over others."""
    to = sums.reshape(-1)
    for p in range(len(now)):
        if now[p] != before[p]:
            sign = 1.0 if now[p] else -1.0
            figures_of_period = figures[p].reshape(-1)
            for i in range(len(to)):
                to[i] += sign * figures_of_period[i]
            before[p] = now[p]


@inner_kernel
def total_of(counts, periods):  # type: ignore[no-untyped-def]
    """Return a sum over some periods."""
    total = 0
    for p in range(len(counts)):
        if periods[p]:
            total += counts[p]
    return total


@inner_kernel
def put_metrics(sums, draw, n_dates, n_trades, others, values):  # type: ignore[no-untyped-def]
    """Put the metrics of each exit pair into `values`, shape (n_rankable, n_exits).

    Only the first three, unless `others` is True.
    """
    inverse, annual, least = ratio_factors(n_dates)
    total, squares, hits = sums[0, draw], sums[1, draw], sums[2, draw]
    total_r, sharpe, winrate = values[0], values[1], values[2]
    for i in range(len(total)):
        r = total[i] / UNIT
        total_r[i] = r
        sharpe[i] = mean_over_deviation(r, squares[i] / UNIT, inverse, annual, least)
        winrate[i] = winrate_of(hits[i])
    if others:
        inverse, annual, least = ratio_factors(n_trades)
        values[3] = n_trades
        for i in range(len(total)):
            values[4, i] = total_r[i] * inverse
            square = squares[i] / UNIT
            values[5, i] = mean_over_deviation(total_r[i], square, inverse, annual, least)


@inner_kernel
def _widened(low, high, values):  # type: ignore[no-untyped-def]
    """Return the extrema of `low`, `high` and values.

    Few rows are beyond. To count is quick: the compiler vectorises it, unlike a maximum.
    """
    beyond = 0
    for i in range(len(values)):
        beyond += 1 if (values[i] < low) | (values[i] > high) else 0
    if beyond:
        for i in range(len(values)):
            low, high = min(low, values[i]), max(high, values[i])
    return low, high


@inner_kernel
def _count_positive(values):  # type: ignore[no-untyped-def]
    n = 0
    for i in range(len(values)):
        n += 1 if values[i] > 0 else 0
    return n


@inner_kernel
def put_scores(values, low, slope, others, score):  # type: ignore[no-untyped-def]
    """Put the scores of each exit pair into `score`, shape (n_exits,).

    `slope` is the weight over the width of each metric, shape (n_rankable,).
    """
    for i in range(len(score)):
        score[i] = (
            slope[0] * (values[0, i] - low[0])
            + slope[1] * (values[1, i] - low[1])
            + slope[2] * (values[2, i] - low[2])
        )
    if others:
        for i in range(len(score)):
            score[i] += (
                slope[3] * (values[3, i] - low[3])
                + slope[4] * (values[4, i] - low[4])
                + slope[5] * (values[5, i] - low[5])
            )


@kernel
def select_best(  # type: ignore[no-untyped-def]
    first_id,
    figures,
    trades,
    inside,
    outside,
    n_dates,
    min_trades,
    low,
    slope,
    combo_id,
    best_score,
    best_r,
    best_sharpe,
    out_of_sample_r,
):
    """Replace the best combination of each selection where this setting has a better one."""
    n_draws, others = figures.shape[2], slope[:, 3:].any()
    sums, before = np.zeros(figures.shape[1:]), np.zeros(inside.shape[1], np.bool_)
    values, score = np.empty((_N_RANKABLE, figures.shape[3])), np.empty(figures.shape[3])
    for sample in range(len(inside)):
        n_trades = total_of(trades, inside[sample])
        if n_trades < min_trades:
            continue
        switch_periods(before, inside[sample], figures, sums)
        for draw in range(n_draws):
            k = sample * n_draws + draw
            put_metrics(sums, draw, total_of(n_dates, inside[sample]), n_trades, others, values)
            put_scores(values, low[k], slope[k], others, score)
            reached = 0
            for i in range(len(score)):
                reached += 1 if score[i] >= best_score[k] else 0
            if not reached:
                continue
            for i in range(len(score)):
                id_here, level = first_id + i, score[i] == best_score[k]
                if score[i] > best_score[k] or (level and not 0 <= combo_id[k] < id_here):
                    combo_id[k], best_score[k] = id_here, score[i]
                    best_r[k], best_sharpe[k] = values[0, i], values[1, i]
                    out_of_sample_r[k] = total_of(figures[:, 0, draw, i], outside[sample]) / UNIT


@kernel
def count_less(figures, outside, against, less, equal):  # type: ignore[no-untyped-def]
    """Count the combinations with less total R out of sample than `against`, and with as much."""
    n_draws = figures.shape[2]
    sums, before = np.zeros(figures.shape[1:]), np.zeros(outside.shape[1], np.bool_)
    for sample in range(len(outside)):
        switch_periods(before, outside[sample], figures, sums)
        for draw in range(n_draws):
            k, total = sample * n_draws + draw, sums[0, draw]
            n_less, n_equal = 0, 0
            for i in range(len(total)):
                value = total[i] / UNIT
                n_less += 1 if value < against[k] else 0
                n_equal += 1 if value == against[k] else 0
            less[k] += n_less
            equal[k] += n_equal
