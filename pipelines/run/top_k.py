"""Leaving only the best rows of a run, once all of it has been computed.

Which rows those are is known only when every combination has its score. Two passes over the ranked
columns find the last place that is kept; then each partition file is written again without the rows
behind it. The place is in run.json before the first file is touched, and a file says whether it has
been cut, so that this goes on after a kill wherever it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

from ib_grid.grid import scoring
from ib_grid.grid.chunks import Chunk, ChunkPlan
from ib_grid.grid.row_filter import Cut, Keep, Rank
from ib_grid.grid.scoring import Columns
from ib_grid.grid.top_rows import BestRows
from ib_grid.runs import partition_file, row_blocks
from ib_grid.runs.partitions import partition_path
from ib_grid.runs.threads import in_threads
from ib_grid.storage.paths import AnyPath

_THREADS = 2


def find_cut(files: Sequence[AnyPath], keep: Keep) -> Cut:
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
    best = BestRows(keep.top or 0)
    for columns in _columns(files, names):
        some = _eligible(columns, keep)
        best.add(scoring.composite_scores(some, weights, extrema), some["combo_id"])
    return Cut(last=_last(best, keep), extrema=extrema, rows=rows)


def _last(best: BestRows, keep: Keep) -> Rank | None:
    """The last of the best; None if there are no more than those."""
    score, combo_id = best.columns()
    return Rank(float(score[-1]), int(combo_id[-1])) if 0 < len(score) == keep.top else None


def _columns(files: Sequence[AnyPath], names: Sequence[str]) -> Iterator[Columns]:
    return (block.columns for block in row_blocks.blocks(row_blocks.numbered(files), names))


def _eligible(columns: Columns, keep: Keep) -> Columns:
    rows = columns["total_trades"] >= keep.ranking.min_trades
    return {name: values[rows] for name, values in columns.items()}


def cut_partitions(
    dataset: AnyPath,
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
    dataset: AnyPath, plan: ChunkPlan, chunk: Chunk, fingerprint: str, keep: Keep, cut: Cut
) -> int:
    path = partition_path(dataset, plan.grid, chunk)
    record, table = partition_file.read_verified(path, plan.grid, chunk, fingerprint)
    names = ("combo_id", "total_trades", *keep.ranking.weights)
    columns = {name: table.column(name).to_numpy() for name in names}
    kept = table.filter(pa.array(cut.keeps(columns, keep.ranking)))
    partition_file.write(path, kept, chunk, fingerprint, record.summary, is_cut=True)
    return int(kept.num_rows)
