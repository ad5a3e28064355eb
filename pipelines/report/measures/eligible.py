"""Distribution of the eligible combinations by score, total R and drawdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from typing import Any, NamedTuple

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
from pipelines.report.measures.ranked_rows import Ranking

# The metrics of a rival, and which way is better.
RIVAL_COLUMNS = {"total_r": 1, "sharpe_ratio": 1, "max_drawdown": -1}
_RIVALS_NAMED = 3
_DENSITY_BINS = 110


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Density:
    """Numbers of eligible combinations by drawdown and total R, and the best trade-offs.

    Attributes
    ----------
    front : float32 array, shape (n_front, 2)
        Drawdown and total R of the Pareto front, ascending: the highest total R available at each
        drawdown.
    front_ids : int64 array, shape (n_front,)
    """

    drawdown: Bins
    total_r: Bins
    counts: NDArray[np.int64]
    front: NDArray[np.float32]
    front_ids: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rivals:
    """Eligible combinations with more total R, a higher Sharpe ratio and a lower drawdown.

    `n` counts them; `highest` has ``combo_id``, ``total_r``, ``sharpe_ratio`` and ``max_drawdown``
    of the few with the highest total R.
    """

    n: int
    highest: pd.DataFrame


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
    rivals : Rivals
        Those that beat the best by every metric of `RIVAL_COLUMNS`.
    """

    score_histogram: Histogram | None
    density: Density | None
    above_best: int
    beside_best: pd.DataFrame
    rivals: Rivals


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
            score_histogram=None,
            density=None,
            above_best=0,
            beside_best=pd.DataFrame(),
            rivals=_no_rivals(),
        )
    best = ranking.best.iloc[0]
    beside = neighbours(grid, int(best["combo_id"]))
    figures = partial(
        _figures, weights=ranking.weights, extrema=ranking.extrema, min_trades=min_trades
    )
    outlined = executor.map(partial(_outline, figures=figures, best=_own(best)), files)
    outline = reduce(_Outline.merge, outlined)
    n_bins = (HISTOGRAM_BINS, _DENSITY_BINS, _DENSITY_BINS)
    bins = tuple(map(round_bins, outline.low, outline.high, n_bins))
    counted = executor.map(partial(_counts, figures=figures, bins=bins), files)
    scores, cells = (np.sum(counts, axis=0) for counts in zip(*counted, strict=True))
    return Eligible(
        score_histogram=Histogram(bins=bins[0], counts=scores),
        density=Density(
            drawdown=bins[1],
            total_r=bins[2],
            counts=cells,
            front=outline.front,
            front_ids=outline.front_ids,
        ),
        above_best=int(np.count_nonzero(total_r > np.float32(best["total_r"]))),
        beside_best=beside.assign(total_r=total_r.reshape(-1)[beside["combo_id"]]),
        rivals=outline.rivals,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Figures:
    """Figures of some eligible rows, arrays of shape (n_rows,)."""

    score: NDArray[np.float64]
    columns: scoring.Columns

    @property
    def shown(self) -> tuple[NDArray[Any], ...]:
        """Score, drawdown and total R."""
        return self.score, self.columns["max_drawdown"], self.columns["total_r"]


def _figures(
    files: Sequence[File], weights: Mapping[str, float], extrema: Extrema, min_trades: int
) -> Iterator[_Figures]:
    """Yield the figures of the eligible rows, block by block, no block empty."""
    names = dict.fromkeys(("combo_id", "total_trades", *RIVAL_COLUMNS, *weights))
    for block in row_blocks.read_blocks(files, tuple(names)):
        row_blocks.check_finite(block)
        rows = scoring.eligible(block.columns, min_trades)
        if rows.any():
            columns = scoring.take(block.columns, names, rows)
            score = scoring.composite_scores(columns, weights, extrema)
            yield _Figures(score=score, columns=columns)


class _Outline(NamedTuple):
    """Lowest and highest score, drawdown and total R, the Pareto front, and the rivals."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    front: NDArray[np.float32]
    front_ids: NDArray[np.int64]
    rivals: Rivals

    def merge(self, other: _Outline) -> _Outline:
        points = np.concatenate([self.front, other.front])
        ids = np.concatenate([self.front_ids, other.front_ids])
        front = pareto_front(points, ids)
        return _Outline(
            np.minimum(self.low, other.low),
            np.maximum(self.high, other.high),
            points[front],
            ids[front],
            _merged_rivals(self.rivals, other.rivals),
        )


def _outline(
    files: Sequence[File],
    figures: Callable[..., Iterator[_Figures]],
    best: Mapping[str, np.float32],
) -> _Outline:
    outline = _Outline(
        np.full(3, np.inf),
        np.full(3, -np.inf),
        np.zeros((0, 2), np.float32),
        np.zeros(0, np.int64),
        _no_rivals(),
    )
    for block in figures(files):
        low = np.array([values.min() for values in block.shown], np.float64)
        high = np.array([values.max() for values in block.shown], np.float64)
        points, ids = _unbeaten(block.columns, outline.front)
        outline = outline.merge(_Outline(low, high, points, ids, _rivals(block.columns, best)))
    return outline


def _unbeaten(
    columns: scoring.Columns, front: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return the points that the front so far does not beat, so that few need sorting."""
    cost, gain = columns["max_drawdown"], columns["total_r"]
    least_gain = np.append(np.float32(-np.inf), front[:, 1])  # both ascend along a front
    # An equal point is kept, since its id may be lower.
    rows = gain >= least_gain[np.searchsorted(front[:, 0], cost, side="right")]
    return np.column_stack([cost[rows], gain[rows]]), columns["combo_id"][rows]


def _own(best: pd.Series) -> dict[str, np.float32]:
    return {name: np.float32(best[name]) for name in RIVAL_COLUMNS}


def _no_rivals() -> Rivals:
    return Rivals(n=0, highest=pd.DataFrame(columns=["combo_id", *RIVAL_COLUMNS]))


def _rivals(columns: scoring.Columns, best: Mapping[str, np.float32]) -> Rivals:
    beats = np.logical_and.reduce(
        [RIVAL_COLUMNS[name] * (columns[name] - best[name]) > 0 for name in RIVAL_COLUMNS]
    )
    rows = np.flatnonzero(beats)
    if not len(rows):
        return _no_rivals()
    frame = pd.DataFrame({name: columns[name][rows] for name in ("combo_id", *RIVAL_COLUMNS)})
    return Rivals(n=len(rows), highest=_highest(frame))


def _merged_rivals(a: Rivals, b: Rivals) -> Rivals:
    if not a.n or not b.n:
        return a if a.n else b
    return Rivals(n=a.n + b.n, highest=_highest(pd.concat([a.highest, b.highest])))


def _highest(rivals: pd.DataFrame) -> pd.DataFrame:
    ordered = rivals.sort_values(["total_r", "combo_id"], ascending=[False, True])
    return ordered.head(_RIVALS_NAMED).reset_index(drop=True)


def _counts(
    files: Sequence[File], figures: Callable[..., Iterator[_Figures]], bins: Sequence[Bins]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count the combinations in each score bin and in each density cell."""
    of_score, across, up = bins
    scores, cells = np.zeros(of_score.n, np.int64), np.zeros(up.n * across.n, np.int64)
    for score, drawdown, total_r in (block.shown for block in figures(files)):
        scores += of_score.counts(score)
        cell = up.places(total_r) * across.n + across.places(drawdown)
        cells += np.bincount(cell, minlength=len(cells))
    return scores, cells.reshape(up.n, across.n)
