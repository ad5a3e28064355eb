"""Distribution of the eligible combinations by score, total R and drawdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ib_grid.analysis.effects.neighbourhoods import neighbours
from ib_grid.analysis.selection.pareto import pareto_front
from ib_grid.grid import scoring
from ib_grid.grid.grid import Grid
from ib_grid.grid.scoring import Extrema
from ib_grid.runs import row_blocks
from ib_grid.runs.cubes import Cube
from ib_grid.runs.row_blocks import File
from pipelines.cluster.executors import SERIAL_EXECUTOR, Executor
from pipelines.report.measures.histograms import HISTOGRAM_BINS, Bins, Histogram, round_bins
from pipelines.report.measures.ranking import Ranking

_DENSITY_BINS = 110


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Density:
    """Numbers of eligible combinations by drawdown and total R, and the best trade-offs.

    Attributes
    ----------
    front : float32 array, shape (n_front, 2)
        Drawdown and total R of the Pareto front, ascending: the highest total R available at each
        drawdown.
    """

    drawdown: Bins
    total_r: Bins
    counts: NDArray[np.int64]
    front: NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Eligible:
    """Distribution of the eligible combinations, and the standing of the best.

    Attributes
    ----------
    score_histogram, density : Histogram, Density or None
        None if no combination is eligible.
    above_best : int
        Combinations, eligible or not, with more total R than the best; 0 without a best.
    beside_best : frame
        `ib_grid.analysis.effects.neighbourhoods.neighbours` of the best with ``total_r`` beside
        each, NaN where missing; empty without a best.
    """

    score_histogram: Histogram | None
    density: Density | None
    above_best: int
    beside_best: pd.DataFrame


def eligible(
    files: Sequence[File],
    grid: Grid,
    total_r: Cube,
    ranking: Ranking,
    min_trades: int,
    executor: Executor = SERIAL_EXECUTOR,
) -> Eligible:
    """Return the distribution of the eligible combinations.

    Two passes over the files: the bins and the front, then the counts.

    Parameters
    ----------
    total_r : float32 array, shape ``grid.shape``
        Total R of all combinations, NaN where missing.
    """
    if ranking.best.empty:
        return Eligible(
            score_histogram=None, density=None, above_best=0, beside_best=pd.DataFrame()
        )
    best = ranking.best.iloc[0]
    beside = neighbours(grid, int(best["combo_id"]))
    figures = partial(
        _figures, weights=ranking.weights, extrema=ranking.extrema, min_trades=min_trades
    )
    outline = reduce(_Outline.merge, executor.map(partial(_outline, figures=figures), files))
    n_bins = (HISTOGRAM_BINS, _DENSITY_BINS, _DENSITY_BINS)
    bins = tuple(map(round_bins, outline.low, outline.high, n_bins))
    counted = executor.map(partial(_counts, figures=figures, bins=bins), files)
    scores, cells = (np.sum(counts, axis=0) for counts in zip(*counted, strict=True))
    return Eligible(
        score_histogram=Histogram(bins=bins[0], counts=scores),
        density=Density(drawdown=bins[1], total_r=bins[2], counts=cells, front=outline.front),
        above_best=int(np.count_nonzero(total_r > np.float32(best["total_r"]))),
        beside_best=beside.assign(total_r=total_r.reshape(-1)[beside["combo_id"]]),
    )


Figures = tuple[NDArray[np.float64], NDArray[np.float32], NDArray[np.float32]]


def _figures(
    files: Sequence[File], weights: Mapping[str, float], extrema: Extrema, min_trades: int
) -> Iterator[Figures]:
    """Yield score, drawdown and total R of the eligible rows, block by block, no block empty."""
    names = dict.fromkeys(("combo_id", "total_trades", "max_drawdown", "total_r", *weights))
    for block in row_blocks.read_blocks(files, tuple(names)):
        row_blocks.check_finite(block)
        rows = scoring.eligible(block.columns, min_trades)
        if rows.any():
            columns = scoring.take(block.columns, names, rows)
            score = scoring.composite_scores(columns, weights, extrema)
            yield score, columns["max_drawdown"], columns["total_r"]


class _Outline(NamedTuple):
    """Lowest and highest score, drawdown and total R, and the Pareto front."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    front: NDArray[np.float32]

    def merge(self, other: _Outline) -> _Outline:
        return _Outline(
            np.minimum(self.low, other.low),
            np.maximum(self.high, other.high),
            pareto_front(np.concatenate([self.front, other.front])),
        )


def _outline(files: Sequence[File], figures: Callable[..., Iterator[Figures]]) -> _Outline:
    outline = _Outline(np.full(3, np.inf), np.full(3, -np.inf), np.zeros((0, 2), np.float32))
    for block in figures(files):
        low = np.array([values.min() for values in block], np.float64)
        high = np.array([values.max() for values in block], np.float64)
        outline = outline.merge(_Outline(low, high, _unbeaten(*block[1:], outline.front)))
    return outline


def _unbeaten(
    cost: NDArray[np.float32], gain: NDArray[np.float32], front: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the points that the front so far does not beat, so that few need sorting."""
    least_gain = np.append(np.float32(-np.inf), front[:, 1])  # both ascend along a front
    rows = gain > least_gain[np.searchsorted(front[:, 0], cost, side="right")]
    return np.column_stack([cost[rows], gain[rows]])


def _counts(
    files: Sequence[File], figures: Callable[..., Iterator[Figures]], bins: Sequence[Bins]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count the combinations in each score bin and in each density cell."""
    of_score, across, up = bins
    scores, cells = np.zeros(of_score.n, np.int64), np.zeros(up.n * across.n, np.int64)
    for score, drawdown, total_r in figures(files):
        scores += of_score.counts(score)
        cell = up.places(total_r) * across.n + across.places(drawdown)
        cells += np.bincount(cell, minlength=len(cells))
    return scores, cells.reshape(up.n, across.n)
