"""Top-k rows of a run, kept after all of it has been computed.

The rows are known only once every combination has its score. Two passes over the ranked
columns find the threshold; then each partition is rewritten without the rows beyond it. No worker
can leave out rows earlier, since a score depends on the extrema of the whole grid. run.json
has the threshold before the first partition is rewritten, and a partition records that it has been,
so that an interrupted run resumes where it stopped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

from ib_grid.grid import scoring
from ib_grid.grid.chunks import ChunkPlan
from ib_grid.grid.filters.row_filter import Rank, RowFilter, TopKThreshold
from ib_grid.grid.scoring import Columns
from ib_grid.grid.top_rows import TopRows
from ib_grid.runs import partition_file, row_blocks
from ib_grid.runs.partition_layout import partition_path
from ib_grid.storage.paths import AnyPath
from ib_grid.storage.threads import in_threads

_THREADS = 2


def find_threshold(files: Sequence[AnyPath], row_filter: RowFilter) -> TopKThreshold:
    """Return the threshold of the best `row_filter.top` rows of some partitions."""
    weights = row_filter.ranking.weights
    names = tuple(dict.fromkeys(("combo_id", "total_trades", *weights)))
    extrema, rows = scoring.no_extrema(len(weights)), 0
    for columns in _columns(files, names):
        scoring.check_finite(columns, names)
        rows += len(columns["combo_id"])
        extrema = extrema.merge(scoring.column_extrema(_eligible(columns, row_filter), weights))
    best = TopRows(row_filter.top or 0)
    for columns in _columns(files, names):
        some = _eligible(columns, row_filter)
        best.add(scoring.composite_scores(some, weights, extrema), some["combo_id"])
    return TopKThreshold(last=_last(best, row_filter), extrema=extrema, rows=rows)


def _last(best: TopRows, row_filter: RowFilter) -> Rank | None:
    """Return the last of the best rows; None if there are no more."""
    score, combo_id = best.columns()
    return Rank(float(score[-1]), int(combo_id[-1])) if 0 < len(score) == row_filter.top else None


def _columns(files: Sequence[AnyPath], names: Sequence[str]) -> Iterator[Columns]:
    return (block.columns for block in row_blocks.read_blocks(row_blocks.numbered(files), names))


def _eligible(columns: Columns, row_filter: RowFilter) -> Columns:
    rows = scoring.eligible(columns, row_filter.ranking.min_trades)
    return scoring.take(columns, columns, rows)


def filter_partitions(
    chunks: Sequence[int],
    dataset: AnyPath,
    plan: ChunkPlan,
    fingerprint: str,
    row_filter: RowFilter,
    threshold: TopKThreshold,
) -> list[int]:
    """Rewrite the partitions of chunks without the rows beyond the threshold.

    Returns the number of rows that each partition keeps.
    """
    names = ("combo_id", "total_trades", *row_filter.ranking.weights)

    def filter_one(index: int) -> int:
        chunk = plan.chunk(index)
        path = partition_path(dataset, plan.grid, chunk)
        record, table = partition_file.read_verified(path, plan.grid, chunk, fingerprint)
        columns = {name: table.column(name).to_numpy() for name in names}
        kept = table.filter(pa.array(threshold.passes(columns, row_filter.ranking)))
        partition_file.write(path, kept, chunk, fingerprint, record.summary, is_cut=True)
        return int(kept.num_rows)

    return list(in_threads(_THREADS, filter_one, chunks))
