"""Metrics of a combination from its trades, in plain Python (section 8)."""

from __future__ import annotations

import math

import pandas as pd

from ib_grid.grid.columns import METRIC_NAMES
from ib_grid.grid.variations import PREFIXES, VARIATIONS

DATES_PER_YEAR = 252
NO_DEVIATION = 1e-12


def metrics(trades: pd.DataFrame, n_session_dates: int) -> dict[str, float]:
    """Return every metric of a combination, keyed and ordered as `METRIC_COLUMNS`.

    `n_session_dates` is N, the number of session dates, with a trade or without.
    """
    rows = list(
        zip(
            trades["variation"].tolist(),
            trades["r"].tolist(),
            trades["ambiguous"].tolist(),
            trades["risk_points"].tolist(),
            strict=True,
        )
    )
    result = {}
    for prefix, variation in (("", None), *zip(PREFIXES, VARIATIONS, strict=True)):
        own = [row for name, *row in rows if variation in (None, name)]
        n_ambiguous = sum(ambiguous for _, ambiguous, _ in own)
        inverse_risk = math.fsum(1 / risk for _, _, risk in own if risk)
        figures = _figures([r for r, _, _ in own], n_ambiguous, inverse_risk, n_session_dates)
        result.update({prefix + name: float(figures[name]) for name in METRIC_NAMES})
    return result


def _figures(
    results_r: list[float], n_ambiguous: int, inverse_risk: float, n_session_dates: int
) -> dict[str, float]:
    wins = [r for r in results_r if r > 0]
    losses = [r for r in results_r if r < 0]
    total_r = math.fsum(results_r)
    max_drawdown = _max_drawdown(results_r)
    by_date = results_r + [0.0] * (n_session_dates - len(results_r))
    return {
        "total_r": total_r,
        "total_trades": len(results_r),
        "winning_trades": len(wins),
        "losing_trades": len(losses),
        "avg_trade_r": _mean(results_r),
        "avg_r_wins": _mean(wins),
        "avg_r_losses": _mean(losses),
        "winrate": 100 * _quotient(len(wins), len(wins) + len(losses)),
        "profit_factor": _quotient(math.fsum(wins), abs(math.fsum(losses))),
        "max_drawdown": max_drawdown,
        "recovery_factor": _quotient(total_r, max_drawdown),
        "sharpe_ratio": _sharpe(by_date),
        "sortino_ratio": _sortino(by_date),
        "sharpe_trades": _sharpe(results_r),
        "max_consec_wins": _longest_run([r > 0 for r in results_r]),
        "max_consec_losses": _longest_run([r < 0 for r in results_r]),
        "ambiguous_trades": n_ambiguous,
        "break_even_points": _quotient(total_r, inverse_risk),
    }


def _quotient(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator else 0.0


def _mean(values: list[float]) -> float:
    return _quotient(math.fsum(values), len(values))


def _max_drawdown(results_r: list[float]) -> float:
    cumulative = peak = largest = 0.0
    for r in results_r:
        cumulative += r
        peak = max(peak, cumulative)
        largest = max(largest, peak - cumulative)
    return largest


def _per_year(mean: float, deviation: float) -> float:
    return 0.0 if deviation < NO_DEVIATION else mean / deviation * math.sqrt(DATES_PER_YEAR)


def _sharpe(values: list[float]) -> float:
    if len(values) < 2:
        return 0.0
    mean = _mean(values)
    squares = math.fsum((value - mean) ** 2 for value in values)
    return _per_year(mean, math.sqrt(squares / (len(values) - 1)))


def _sortino(values: list[float]) -> float:
    if len(values) < 2:
        return 0.0
    return _per_year(_mean(values), math.sqrt(_mean([min(value, 0.0) ** 2 for value in values])))


def _longest_run(holds: list[bool]) -> int:
    run = longest = 0
    for one in holds:
        run = run + 1 if one else 0
        longest = max(longest, run)
    return longest
