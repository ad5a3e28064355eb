"""How the score, total R and drawdown are distributed over the eligible, block by block."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ib_grid import scoring
from ib_grid.analysis.trade_offs import pareto_front
from ib_grid.scoring import Columns
from ib_grid.storage import Place
from pipelines.report import partitions
from pipelines.report.build import Report
from pipelines.report.html.bins import Bins, Histogram, histogram, round_bins

_DENSITY_BINS = 110


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Density:
    """Numbers of eligible combinations by drawdown and total R, and the best trade-offs.

    Attributes
    ----------
    drawdown, total_r : Bins
    counts : int64 array, shape (total_r.n, drawdown.n)
    front : float32 array, shape (n_front, 2)
        Drawdown and total R of the Pareto front, ascending: no eligible combination has more total
        R at no more drawdown.
    """

    drawdown: Bins
    total_r: Bins
    counts: NDArray[np.int64]
    front: NDArray[np.float32]


def score_histogram(report: Report, files: Sequence[Place]) -> Histogram | None:
    """How the score is distributed over the eligible; None where there is none."""
    return histogram(lambda: _scores(report, files)) if report.overall.extrema.n_rows else None


def _scores(report: Report, files: Sequence[Place]) -> Iterator[NDArray[np.float64]]:
    ranking = report.overall
    for columns in _eligible(report, files, tuple(ranking.weights)):
        yield scoring.composite_scores(columns, ranking.weights, ranking.extrema)


def _eligible(report: Report, files: Sequence[Place], names: tuple[str, ...]) -> Iterator[Columns]:
    """Columns of the eligible rows, block by block, no block empty."""
    for block in partitions.blocks(files, tuple(dict.fromkeys(("total_trades", *names)))):
        rows = block.columns["total_trades"] >= report.settings.ranking.min_trades
        if rows.any():
            yield {name: block.columns[name][rows] for name in names}


def _unbeaten(points: NDArray[np.float32], front: NDArray[np.float32]) -> NDArray[np.float32]:
    """Points that the front so far does not beat: few, so that few have to be sorted."""
    gain = np.append(np.float32(-np.inf), front[:, 1])  # both ascend along a front
    return points[points[:, 1] > gain[np.searchsorted(front[:, 0], points[:, 0], side="right")]]


def density(report: Report, files: Sequence[Place]) -> Density | None:
    """Total R against drawdown over the eligible; None where there is none."""
    names = ("max_drawdown", "total_r")
    low, high = np.full(2, np.inf), np.full(2, -np.inf)
    front = np.zeros((0, 2), np.float32)
    for columns in _eligible(report, files, names):
        points = np.column_stack([columns[name] for name in names])
        low = np.minimum(low, points.min(axis=0))
        high = np.maximum(high, points.max(axis=0))
        front = pareto_front(np.concatenate([front, _unbeaten(points, front)]))
    if not len(front):
        return None
    across, up = (round_bins(low[i], high[i], _DENSITY_BINS) for i in range(2))
    counts = np.zeros(up.n * across.n, np.int64)
    for columns in _eligible(report, files, names):
        cell = up.places(columns["total_r"]) * across.n + across.places(columns["max_drawdown"])
        counts += np.bincount(cell, minlength=len(counts))
    return Density(drawdown=across, total_r=up, counts=counts.reshape(up.n, across.n), front=front)
