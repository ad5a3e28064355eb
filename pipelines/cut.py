"""Leaving only the best rows of a run, once all of it has been computed.

Which rows those are is known only when every combination has its score. Two passes over the ranked
columns find the last place that is kept; then each partition file is written again without the rows
behind it. The place is in run.json before the first file is touched, and a file says whether it has
been cut, so that this goes on after a kill wherever it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ib_grid import scoring
from ib_grid.chunks import Chunk, ChunkPlan
from ib_grid.keep import Cut, Keep, Rank
from ib_grid.partitions import partition_path
from ib_grid.scoring import Columns
from ib_grid.storage import Place
from pipelines import partition_file
from pipelines.report import partitions
from pipelines.threads import in_threads

# Scores beyond those wanted that are gathered before they are sorted.
_SCORES_AT_ONCE = 1_000_000
_THREADS = 2


def find_cut(files: Sequence[Place], keep: Keep) -> Cut:
    """Where the best `keep.top` rows of some partition files end.

    Raises
    ------
    StoreError
        If a file cannot be read, or a value that is ranked is no finite number.
    """
    weights = keep.ranking.weights
    names = tuple(dict.fromkeys(("combo_id", "total_trades", *weights)))
    extrema, rows = scoring.no_extrema(len(weights)), 0
    for columns in _columns(files, names):
        scoring.check_finite(columns, names)
        rows += len(columns["combo_id"])
        extrema = extrema.merge(scoring.column_extrema(_eligible(columns, keep), weights))
    best = _Best(keep.top or 0)
    for columns in _columns(files, names):
        some = _eligible(columns, keep)
        best.add(scoring.composite_scores(some, weights, extrema), some["combo_id"])
    return Cut(last=best.last(), extrema=extrema, rows=rows)


def _columns(files: Sequence[Place], names: Sequence[str]) -> Iterator[Columns]:
    return (block.columns for block in partitions.blocks(partitions.numbered(files), names))


def _eligible(columns: Columns, keep: Keep) -> Columns:
    rows = columns["total_trades"] >= keep.ranking.min_trades
    return {name: values[rows] for name, values in columns.items()}


class _Best:
    """The best `n` scores of many that come in parts; holds little more than that."""

    def __init__(self, n: int) -> None:
        self._n = n
        self._score = np.zeros(0)
        self._combo_id = np.zeros(0, np.int64)
        self._parts: list[tuple[NDArray[np.float64], NDArray[np.int64]]] = []
        self._waiting = 0

    def add(self, score: NDArray[np.float64], combo_id: NDArray[np.int64]) -> None:
        if len(self._score) == self._n:  # what is below the last cannot come in
            rows = score >= self._score[-1]
            score, combo_id = score[rows], combo_id[rows]
        self._parts.append((score, combo_id))
        self._waiting += len(score)
        if self._waiting >= _SCORES_AT_ONCE:
            self._sort()

    def _sort(self) -> None:
        score, combo_id = zip((self._score, self._combo_id), *self._parts, strict=True)
        scores, ids = np.concatenate(score), np.concatenate(combo_id)
        best = scoring.best_first(scores, ids, self._n)
        self._score, self._combo_id = scores[best], ids[best]
        self._parts, self._waiting = [], 0

    def last(self) -> Rank | None:
        """The last of the best; None if there are no more than those."""
        self._sort()
        if len(self._score) < self._n:
            return None
        return Rank(float(self._score[-1]), int(self._combo_id[-1]))


def cut_partitions(
    dataset: Place,
    plan: ChunkPlan,
    fingerprint: str,
    keep: Keep,
    cut: Cut,
    chunks: Sequence[int],
) -> Iterator[int]:
    """Write these chunks' files again with the rows alone that the cut keeps; how many, each.

    Raises
    ------
    StoreError
        If a file cannot be read or written.
    """

    def cut_one(index: int) -> int:
        return _cut_file(dataset, plan, plan.chunk(index), fingerprint, keep, cut)

    yield from in_threads(_THREADS, cut_one, chunks)


def _cut_file(
    dataset: Place, plan: ChunkPlan, chunk: Chunk, fingerprint: str, keep: Keep, cut: Cut
) -> int:
    path = partition_path(dataset, plan.grid, chunk)
    record, table = partition_file.read_verified(path, plan.grid, chunk, fingerprint)
    names = ("combo_id", "total_trades", *keep.ranking.weights)
    columns = {name: table.column(name).to_numpy() for name in names}
    kept = table.filter(pa.array(cut.keeps(columns, keep.ranking)))
    partition_file.write(path, kept, chunk, fingerprint, record.summary, is_cut=True)
    return int(kept.num_rows)
