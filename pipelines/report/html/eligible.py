"""How the score, total R and drawdown are distributed over the eligible, block by block."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ib_grid import scoring
from ib_grid.analysis.trade_offs import pareto_front
from ib_grid.scoring import Extrema
from pipelines.readers import Readers
from pipelines.report import partitions
from pipelines.report.build import Report
from pipelines.report.html.bins import Bins, Histogram, histogram, round_bins
from pipelines.report.partitions import File

_PLANE = ("max_drawdown", "total_r")
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


def score_histogram(report: Report, files: Sequence[File], readers: Readers) -> Histogram | None:
    """How the score is distributed over the eligible; None where there is none."""
    ranking = report.overall
    if not ranking.extrema.n_rows:
        return None
    scores = partial(
        _scores,
        weights=ranking.weights,
        extrema=ranking.extrema,
        min_trades=report.settings.ranking.min_trades,
    )
    return histogram(files, scores, readers)


def _scores(
    files: Sequence[File], weights: Mapping[str, float], extrema: Extrema, min_trades: int
) -> Iterator[NDArray[np.float64]]:
    for columns in _eligible(files, tuple(weights), min_trades):
        yield scoring.composite_scores(columns, weights, extrema)


def _eligible(
    files: Sequence[File], names: tuple[str, ...], min_trades: int
) -> Iterator[dict[str, NDArray[Any]]]:
    """Columns of the eligible rows, block by block, no block empty."""
    for block in partitions.blocks(files, tuple(dict.fromkeys(("total_trades", *names)))):
        rows = block.columns["total_trades"] >= min_trades
        if rows.any():
            yield {name: block.columns[name][rows] for name in names}


def density(report: Report, files: Sequence[File], readers: Readers) -> Density | None:
    """Total R against drawdown over the eligible; None where there is none."""
    min_trades = report.settings.ranking.min_trades
    parts = readers.over(files, partial(_outline, min_trades=min_trades))
    low = np.min([part.low for part in parts], axis=0)
    high = np.max([part.high for part in parts], axis=0)
    fronts = np.concatenate([part.front for part in parts])
    if not len(fronts):
        return None
    across, up = (round_bins(low[i], high[i], _DENSITY_BINS) for i in range(2))
    count = partial(_cells, min_trades=min_trades, across=across, up=up)
    counts = np.sum(readers.over(files, count), axis=0)
    return Density(drawdown=across, total_r=up, counts=counts, front=pareto_front(fronts))


class _Outline(NamedTuple):
    """The least and the most of drawdown and total R, and the best trade-offs between them."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    front: NDArray[np.float32]


def _outline(files: Sequence[File], min_trades: int) -> _Outline:
    low, high = np.full(2, np.inf), np.full(2, -np.inf)
    front = np.zeros((0, 2), np.float32)
    for columns in _eligible(files, _PLANE, min_trades):
        points = np.column_stack([columns[name] for name in _PLANE])
        low, high = np.minimum(low, points.min(axis=0)), np.maximum(high, points.max(axis=0))
        front = pareto_front(np.concatenate([front, _unbeaten(points, front)]))
    return _Outline(low, high, front)


def _unbeaten(points: NDArray[np.float32], front: NDArray[np.float32]) -> NDArray[np.float32]:
    """Points that the front so far does not beat: few, so that few have to be sorted."""
    gain = np.append(np.float32(-np.inf), front[:, 1])  # both ascend along a front
    return points[points[:, 1] > gain[np.searchsorted(front[:, 0], points[:, 0], side="right")]]


def _cells(files: Sequence[File], min_trades: int, across: Bins, up: Bins) -> NDArray[np.int64]:
    """How many lie in each cell, shape (up.n, across.n)."""
    counts = np.zeros(up.n * across.n, np.int64)
    for columns in _eligible(files, _PLANE, min_trades):
        cell = up.places(columns["total_r"]) * across.n + across.places(columns["max_drawdown"])
        counts += np.bincount(cell, minlength=len(counts))
    return counts.reshape(up.n, across.n)
