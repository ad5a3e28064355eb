"""Partition files of a run: present, missing and unexpected ones, and their contents."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ib_grid.engine.metric_checks import first_inconsistency
from ib_grid.errors import StoreError, UnreachableError
from ib_grid.grid.chunks import Chunk, ChunkPlan
from ib_grid.runs import partition_file
from ib_grid.runs.chunk_summary import Summary, VariationSums, summary_of
from ib_grid.runs.manifest import Manifest
from ib_grid.runs.partition_file import Record
from ib_grid.runs.partition_layout import chunk_of, partition_path
from ib_grid.storage.paths import AnyPath, all_below
from ib_grid.storage.threads import in_threads
from pipelines.verify.sample import Sample

_THREADS = 2
_A_LINK = "an unexpected link"
# Sums of the same float32 values in double precision; numpy versions differ in the order.
_SUM_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkFile:
    """The partition file of a chunk, existing or not."""

    chunk: Chunk
    path: AnyPath
    exists: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChunkContent:
    """Content of a partition file.

    Attributes
    ----------
    n_rows, n_computed : int
        Intact rows, and computed rows before the row filter; 0 if the file is damaged.
    damage, mismatch : str
        Damage of the file, and difference between metadata and rows; empty if there is none.
    sampled, reported : Table, optional
        The rows of the sample, and of the combinations in the report; None if the file is damaged.
    """

    n_rows: int
    n_computed: int = 0
    damage: str = ""
    mismatch: str = ""
    sampled: pa.Table | None = None
    reported: pa.Table | None = None


def chunk_files(dataset: AnyPath, plan: ChunkPlan) -> list[ChunkFile]:
    """Return the file of every chunk, existing or not, in the order of the chunks."""
    found, listed = [], set(all_below(dataset))
    for index in range(len(plan)):
        chunk = plan.chunk(index)
        path = partition_path(dataset, plan.grid, chunk)
        found.append(ChunkFile(chunk=chunk, path=path, exists=path in listed or path.exists()))
    return found


def sizes(existing: Sequence[ChunkFile]) -> dict[int, int]:
    """Return the rows of each file by its metadata, or those of the chunk if damaged."""
    found = {}
    for file in existing:
        found[file.chunk.index] = file.chunk.n_rows
        with contextlib.suppress(StoreError):
            found[file.chunk.index] = partition_file.read_record(file.path).n_rows
    return found


def unexpected_files(dataset: AnyPath, plan: ChunkPlan) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return strays and partial files in the data set, each with its path and description.

    A partial file is not damage: a killed process left the file, or a running one is writing it.
    """
    strays, partial = [], []
    if dataset.is_symlink():
        strays.append(f"{dataset}: {_A_LINK}")
    for path in sorted(all_below(dataset), key=str):
        try:
            chunk_of(dataset, path, plan)
        except StoreError:
            if path.name.startswith(".") and path.name.endswith(".partial"):
                partial.append(f"{path}: partial file of a killed or running process")
            else:
                strays.append(f"{path}: {_stray(path)}")
    return tuple(strays), tuple(partial)


def _stray(path: AnyPath) -> str:
    if path.is_symlink():
        return _A_LINK
    try:
        record = partition_file.read_record(path)
    except StoreError:
        return "not a partition file"
    return f"a file of chunk {record.chunk} at the wrong path"


def read_all(
    chunk_files: Sequence[ChunkFile],
    manifest: Manifest,
    sample: Sample,
    reported_ids: NDArray[np.int64],
) -> Iterator[ChunkContent]:
    """Yield the content of these files in order, with only a few in memory at a time."""
    plan = manifest.plan()

    def read(file: ChunkFile) -> ChunkContent:
        try:
            return _read(file, plan, manifest, sample, reported_ids)
        except UnreachableError:  # says nothing about the file
            raise
        except StoreError as error:
            return ChunkContent(n_rows=0, damage=f"{file.path}: {error.message}")

    yield from in_threads(_THREADS, read, chunk_files)


def _read(
    file: ChunkFile,
    plan: ChunkPlan,
    manifest: Manifest,
    sample: Sample,
    reported_ids: NDArray[np.int64],
) -> ChunkContent:
    if file.path.is_symlink():
        raise StoreError("a link instead of a file", location=str(file.path))
    record, table = partition_file.read_verified(
        file.path, plan.grid, file.chunk, manifest.fingerprint
    )
    left_out = _left_out(record, table, manifest)
    if left_out:
        raise StoreError(left_out, location=str(file.path))
    mismatch = _mismatch(record, file.chunk, table)
    sampled = sample.rows(file.chunk.index, table.num_rows)
    reported = np.flatnonzero(np.isin(table.column("combo_id").to_numpy(), reported_ids))
    return ChunkContent(
        n_rows=table.num_rows,
        n_computed=record.computed,
        mismatch=f"{file.path}: {mismatch}" if mismatch else "",
        sampled=table.take(pa.array(sampled)),
        reported=table.take(pa.array(reported)),
    )


def _left_out(record: Record, table: pa.Table, manifest: Manifest) -> str:
    """Return why a file lacks columns or rows of its run, or has too many; empty if it does not."""
    row_filter = manifest.row_filter
    if record.metrics != manifest.metrics:
        return "the columns are not those that the run keeps"
    if row_filter.every_row and record.n_rows < record.computed:
        lacking = record.computed - record.n_rows
        return (
            f"{lacking:,} of {record.computed:,} rows are missing, although the run keeps every row"
        )
    if row_filter.passing(table).num_rows < table.num_rows:
        return "a row does not pass the row filter of the run"
    return ""


def _mismatch(record: Record, chunk: Chunk, table: pa.Table) -> str:
    """Return the difference between the summary in the metadata and the rows; empty if equal."""
    metrics = {name: np.asarray(table.column(name).to_numpy()) for name in record.metrics}
    for name, values in metrics.items():
        if not np.isfinite(values).all():
            return f"a value of {name} is not finite"
    inconsistent = first_inconsistency(metrics)
    if inconsistent:
        row, identity = inconsistent
        return f"combination {table.column('combo_id')[row]}: {identity} does not hold"
    if record.n_rows < record.computed:
        return ""  # the summary includes rows that were not kept
    return _difference(record.summary, summary_of(chunk, metrics, record.summary.min_trades))


def _difference(stored: Summary, true: Summary) -> str:
    if stored.combinations != true.combinations:
        return f"{true.combinations:,} combinations, {stored.combinations:,} in the metadata"
    if stored.best != true.best:
        return f"the best is {true.best}, {stored.best} in the metadata"
    for name, sums in true.variations.items():
        if not _same_sums(stored.variations[name], sums):
            return f"{name} is {sums}, {stored.variations[name]} in the metadata"
    return ""


def _same_sums(stored: VariationSums, true: VariationSums) -> bool:
    difference = abs(stored.total_r - true.total_r)
    counts = (stored.combinations, stored.trades) == (true.combinations, true.trades)
    return counts and difference <= _SUM_TOLERANCE * max(1.0, abs(true.total_r))
