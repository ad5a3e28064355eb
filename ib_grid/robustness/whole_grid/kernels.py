"""Kernels of the rounds over a grid: extrema, the best score, counts of lesser results.

Each takes the combinations of one setting and many selections, which are samples of dates with
their own ranking. Loops stand for operations of numpy that take long to compile. Arguments that all
share:

figures, base : float64 arrays, shapes (3, n_exits, n_selections) and (3, n_exits)
    Weighted and constant part of the sums (`CarriedSums`); their sum times `scale` counts.
trades : float64 array, shape (n_selections,)
dates, per_trade : float64 arrays, shape (3, n_selections)
    `ratio_factors` of the number of session dates and of trades.
weights : float64 array, shape (n_rankable,)
"""

from __future__ import annotations

import numpy as np

from ib_grid.engine.fast.compiled import inner_kernel, kernel
from ib_grid.robustness.whole_grid.metrics import mean_over_deviation, winrate_of
from ib_grid.robustness.whole_grid.weighted_sums import UNIT


@kernel
def add_extremes(  # type: ignore[no-untyped-def]
    figures,
    base,
    scale,
    trades,
    dates,
    per_trade,
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
    unit, n = scale / UNIT, len(trades)
    # Added to a low and taken from a high, it makes a value harmless.
    apart = np.empty(n)
    for k in range(n):
        apart[k] = 0.0 if trades[k] >= min_trades else np.inf
    inverse, annual, least = dates[0], dates[1], dates[2]
    low_r, low_sharpe, low_winrate = low[0], low[1], low[2]
    high_r, high_sharpe, high_winrate = high[0], high[1], high[2]
    others = weights[3:].any()
    for i in range(figures.shape[1]):
        total, squares, hits = figures[0, i], figures[1, i], figures[2, i]
        b0, b1, b2 = base[0, i], base[1, i], base[2, i]
        for k in range(n):
            r = unit * (b0 + total[k])
            sharpe = mean_over_deviation(
                r, unit * (b1 + squares[k]), inverse[k], annual[k], least[k]
            )
            winrate = winrate_of(scale * (b2 + hits[k]))
            best[k] = max(best[k], r)
            sharpes[k] = max(sharpes[k], sharpe)
            profitable[k] += 1.0 if r > 0 else 0.0
            low_r[k] = min(low_r[k], r + apart[k])
            high_r[k] = max(high_r[k], r - apart[k])
            low_sharpe[k] = min(low_sharpe[k], sharpe + apart[k])
            high_sharpe[k] = max(high_sharpe[k], sharpe - apart[k])
            low_winrate[k] = min(low_winrate[k], winrate + apart[k])
            high_winrate[k] = max(high_winrate[k], winrate - apart[k])
        if others:
            for k in range(n):
                r, square = unit * (b0 + total[k]), unit * (b1 + squares[k])
                average = r * per_trade[0, k]
                ratio = mean_over_deviation(
                    r, square, per_trade[0, k], per_trade[1, k], per_trade[2, k]
                )
                low[3, k] = min(low[3, k], trades[k] + apart[k])
                high[3, k] = max(high[3, k], trades[k] - apart[k])
                low[4, k] = min(low[4, k], average + apart[k])
                high[4, k] = max(high[4, k], average - apart[k])
                low[5, k] = min(low[5, k], ratio + apart[k])
                high[5, k] = max(high[5, k], ratio - apart[k])


@inner_kernel
def put_scores(figures, base, scale, i, trades, dates, per_trade, low, slope, others, score):  # type: ignore[no-untyped-def]
    """Put the scores of exit pair `i` into `score`, shape (n_selections,).

    `slope` is the weight over the width of each metric, shape (n_rankable, n_selections); `others`
    is True if a metric after the first three has a weight.
    """
    unit, n = scale / UNIT, len(trades)
    total, squares, hits = figures[0, i], figures[1, i], figures[2, i]
    b0, b1, b2 = base[0, i], base[1, i], base[2, i]
    inverse, annual, least = dates[0], dates[1], dates[2]
    low_r, low_sharpe, low_winrate = low[0], low[1], low[2]
    of_r, of_sharpe, of_winrate = slope[0], slope[1], slope[2]
    for k in range(n):
        r = unit * (b0 + total[k])
        sharpe = mean_over_deviation(r, unit * (b1 + squares[k]), inverse[k], annual[k], least[k])
        winrate = winrate_of(scale * (b2 + hits[k]))
        score[k] = (
            of_r[k] * (r - low_r[k])
            + of_sharpe[k] * (sharpe - low_sharpe[k])
            + of_winrate[k] * (winrate - low_winrate[k])
        )
    if others:
        for k in range(n):
            r, square = unit * (b0 + total[k]), unit * (b1 + squares[k])
            ratio = mean_over_deviation(
                r, square, per_trade[0, k], per_trade[1, k], per_trade[2, k]
            )
            score[k] += (
                slope[3, k] * (trades[k] - low[3, k])
                + slope[4, k] * (r * per_trade[0, k] - low[4, k])
                + slope[5, k] * (ratio - low[5, k])
            )


@kernel
def scores_of_setting(figures, base, scale, trades, dates, per_trade, low, slope):  # type: ignore[no-untyped-def]
    """Return the scores of all exit pairs, shape (n_exits, n_selections); see `put_scores`."""
    scores, others = np.empty(figures.shape[1:]), slope[3:].any()
    for i in range(len(scores)):
        put_scores(figures, base, scale, i, trades, dates, per_trade, low, slope, others, scores[i])
    return scores


@inner_kernel
def any_reaches(score, mark):  # type: ignore[no-untyped-def]
    """Return whether a score is as high as its mark."""
    reached = 0
    for k in range(len(score)):
        reached += 1 if score[k] >= mark[k] else 0
    return reached > 0


@kernel
def select_best(  # type: ignore[no-untyped-def]
    first_id,
    figures,
    base,
    scale,
    trades,
    dates,
    per_trade,
    min_trades,
    low,
    slope,
    combo_id,
    best_score,
    best_r,
    best_sharpe,
    exit_pair,
):
    """Replace the best combination of each selection where this setting has a better one.

    `exit_pair` becomes that of the new best, or −1.
    """
    unit = scale / UNIT
    exit_pair[:] = -1
    eligible = trades >= min_trades
    if not eligible.any():
        return
    score, others = np.empty(len(trades)), slope[3:].any()
    mark = np.empty(len(trades))
    for k in range(len(trades)):
        mark[k] = best_score[k] if eligible[k] else np.inf
    for i in range(figures.shape[1]):
        put_scores(figures, base, scale, i, trades, dates, per_trade, low, slope, others, score)
        if not any_reaches(score, mark):
            continue
        for k in range(len(trades)):
            if score[k] < mark[k] or not eligible[k]:
                continue
            if score[k] == mark[k] and 0 <= combo_id[k] < first_id + i:
                continue
            mark[k] = score[k]
            combo_id[k], best_score[k], exit_pair[k] = first_id + i, score[k], i
            best_r[k] = unit * (base[0, i] + figures[0, i, k])
            squares = unit * (base[1, i] + figures[1, i, k])
            best_sharpe[k] = mean_over_deviation(
                best_r[k], squares, dates[0, k], dates[1, k], dates[2, k]
            )


@kernel
def count_less(total, base, scale, against, less, equal):  # type: ignore[no-untyped-def]
    """Count the combinations with less total R than `against`, and with as much."""
    unit = scale / UNIT
    for i in range(total.shape[0]):
        row, constant = total[i], base[i]
        for k in range(len(against)):
            value = unit * (constant + row[k])
            less[k] += 1.0 if value < against[k] else 0.0
            equal[k] += 1.0 if value == against[k] else 0.0
