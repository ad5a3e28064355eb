"""The eligible: how their score, total R and drawdown are distributed, where the best stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ib_grid import scoring
from ib_grid.analysis.neighbourhoods import neighbours
from ib_grid.analysis.trade_offs import pareto_front
from ib_grid.grid import Grid
from ib_grid.scoring import Extrema
from pipelines.readers import ALONE, Readers
from pipelines.report import partitions
from pipelines.report.bins import Bins, Histogram, histogram, round_bins
from pipelines.report.partitions import File
from pipelines.report.ranking import Ranking

_PLANE = ("max_drawdown", "total_r")
_TOTAL_R = ("combo_id", "total_r")
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Eligible:
    """How the eligible are distributed, and where the best of them stands.

    Attributes
    ----------
    score_histogram, density : Histogram, Density or None
        None where none is eligible.
    above_best : int
        Combinations, eligible or not, with more total R than the best; 0 where there is none.
    beside_best : frame
        `ib_grid.analysis.neighbourhoods.neighbours` of the best with ``total_r`` beside each, NaN
        where it is not there; no row where there is no best.
    """

    score_histogram: Histogram | None
    density: Density | None
    above_best: int
    beside_best: pd.DataFrame


def look_at_eligible(
    files: Sequence[File],
    grid: Grid,
    ranking: Ranking,
    min_trades: int,
    readers: Readers = ALONE,
) -> Eligible:
    """What is told of the combinations that are ranked, besides the best of them.

    Raises
    ------
    StoreError
        If a file cannot be read.
    """
    scores = partial(
        _scores, weights=ranking.weights, extrema=ranking.extrema, min_trades=min_trades
    )
    above, beside = _about_best(files, grid, ranking.best, readers)
    return Eligible(
        score_histogram=histogram(files, scores, readers) if ranking.extrema.n_rows else None,
        density=density(files, min_trades, readers),
        above_best=above,
        beside_best=beside,
    )


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


def density(files: Sequence[File], min_trades: int, readers: Readers) -> Density | None:
    """Total R against drawdown over the eligible; None where there is none."""
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
        cost, gain = (columns[name] for name in _PLANE)
        low = np.minimum(low, [cost.min(), gain.min()])
        high = np.maximum(high, [cost.max(), gain.max()])
        front = pareto_front(np.concatenate([front, _unbeaten(cost, gain, front)]))
    return _Outline(low, high, front)


def _unbeaten(
    cost: NDArray[np.float32], gain: NDArray[np.float32], front: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Points that the front so far does not beat: few, so that few have to be sorted."""
    least_gain = np.append(np.float32(-np.inf), front[:, 1])  # both ascend along a front
    rows = gain > least_gain[np.searchsorted(front[:, 0], cost, side="right")]
    return np.column_stack([cost[rows], gain[rows]])


def _cells(files: Sequence[File], min_trades: int, across: Bins, up: Bins) -> NDArray[np.int64]:
    """How many lie in each cell, shape (up.n, across.n)."""
    counts = np.zeros(up.n * across.n, np.int64)
    for columns in _eligible(files, _PLANE, min_trades):
        cell = up.places(columns["total_r"]) * across.n + across.places(columns["max_drawdown"])
        counts += np.bincount(cell, minlength=len(counts))
    return counts.reshape(up.n, across.n)


def _about_best(
    files: Sequence[File], grid: Grid, best: pd.DataFrame, readers: Readers
) -> tuple[int, pd.DataFrame]:
    """How many combinations have more total R than the best, and what lies beside it."""
    if best.empty:
        return 0, pd.DataFrame()
    there = neighbours(grid, int(best["combo_id"].iloc[0]))
    ids = np.sort(there["combo_id"].to_numpy())
    look = partial(_looked_up, ids=ids, total_r=np.float32(best["total_r"].iloc[0]))
    parts = readers.over(files, look)
    known = pd.Series({i: r for _, of_ids in parts for i, r in of_ids.items()}, dtype=np.float32)
    return sum(above for above, _ in parts), there.assign(total_r=there["combo_id"].map(known))


def _looked_up(
    files: Sequence[File], ids: NDArray[np.int64], total_r: np.float32
) -> tuple[int, dict[int, float]]:
    """How many rows have more total R, and that of some combinations by their ids, ascending."""
    above, found = 0, dict[int, float]()
    for block in partitions.blocks(files, _TOTAL_R):
        own, values = (block.columns[name] for name in _TOTAL_R)
        above += int(np.count_nonzero(values > total_r))
        place = np.minimum(np.searchsorted(own, ids), len(own) - 1)
        there = own[place] == ids
        found |= dict(zip(own[place[there]].tolist(), values[place[there]].tolist(), strict=True))
    return above, found
