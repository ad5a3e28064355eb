"""The robustness tests once more, as plainly as possible: one combination after the other."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ib_grid.grid.scoring import RankingSettings


@dataclass(frozen=True)
class Pick:
    """What a ranking selects: every id that it could be, and figures in sample."""

    ids: tuple[int, ...]
    total_r: float
    sharpe_ratio: float


def metrics(r: np.ndarray, traded: np.ndarray) -> dict[str, float]:
    """Return the metrics of one combination from R on each of its session dates."""
    values = [float(x) for x, t in zip(r, traded, strict=True) if t]
    wins, losses = sum(x > 0 for x in values), sum(x < 0 for x in values)
    return {
        "total_r": sum(values),
        "sharpe_ratio": sharpe([float(x) for x in r]),
        "winrate": 100 * wins / (wins + losses) if wins + losses else 0.0,
        "total_trades": len(values),
        "avg_trade_r": sum(values) / len(values) if values else 0.0,
        "sharpe_trades": sharpe(values),
    }


def sharpe(values: list[float]) -> float:
    n = len(values)
    if n < 2:
        return 0.0
    mean = math.fsum(values) / n
    variance = math.fsum((x - mean) ** 2 for x in values) / (n - 1)
    return mean / math.sqrt(variance) * math.sqrt(252) if variance > 1e-6 else 0.0


def pick(
    r: np.ndarray, traded: np.ndarray, in_session: np.ndarray, ranking: RankingSettings
) -> Pick | None:
    """Return what the ranking selects over these dates; arrays dates × combinations."""
    rows = {}
    for k in range(r.shape[1]):
        here = in_session[:, k]
        rows[k] = metrics(r[here, k], traded[here, k])
    ranked = [k for k in rows if rows[k]["total_trades"] >= ranking.min_trades]
    if not ranked:
        return None
    score, ids = dict.fromkeys(ranked, 0.0), ()
    for name, weight in ranking.weights.items():
        low, high = (f(rows[k][name] for k in ranked) for f in (min, max))
        if high and high - low < 1e-9 and "sharpe" in name:
            ids = tuple(ranked)  # equal but for rounding, which then decides
        for k in ranked:
            score[k] += weight * (rows[k][name] - low) / (high - low) if high > low else 0.0
    best = max(score.values())
    ids = ids or tuple(k for k in ranked if score[k] >= best - 1e-9)
    first = rows[ids[0]]
    return Pick(ids=ids, total_r=first["total_r"], sharpe_ratio=first["sharpe_ratio"])


def is_pick(combo_id: int, expected: Pick | None, r: np.ndarray, traded: np.ndarray) -> bool:
    """Return whether a ranking may select this id; of equal trades in sample, the lowest id."""
    if expected is None:
        return combo_id == -1
    equal = [
        k
        for k in expected.ids
        if (r[:, k] == r[:, combo_id]).all() and (traded[:, k] == traded[:, combo_id]).all()
    ]
    return combo_id in expected.ids and combo_id == min(equal)


def long_run_deviation(r: np.ndarray, mean_block: float) -> np.ndarray:
    """Return ω of each combination, lag by lag (Hansen 2005)."""
    n, stay = len(r), 1 - 1 / mean_block
    found = []
    for x in (r - r.mean(axis=0)).T:
        variance = float(x @ x) / n
        for lag in range(1, n):
            weight = (n - lag) / n * stay**lag + lag / n * stay ** (n - lag)
            variance += 2 * weight * float(x[: n - lag] @ x[lag:]) / n
        found.append(math.sqrt(max(variance, 0.0)))
    return np.array(found)


def spearman(x: np.ndarray, y: np.ndarray) -> float | None:
    """Return the rank correlation; equal values share their mean rank."""
    ranks = [[(np.sum(v < a) + (np.sum(v == a) + 1) / 2) for a in v] for v in (x, y)]
    a, b = (np.array(rank) - np.mean(rank) for rank in ranks)
    scale = math.sqrt(float(a @ a) * float(b @ b))
    return float(a @ b) / scale if scale else None
