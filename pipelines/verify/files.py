"""The files of a run's data set: which lie in their places, which do not, and what each holds."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ib_grid.errors import StoreError, UnreachableError
from ib_grid.grid.chunks import Chunk, ChunkPlan
from ib_grid.grid.filters.row_filter import RowFilter
from ib_grid.runs import partition_file
from ib_grid.runs.chunk_summary import Summary, VariationSums, summary_of
from ib_grid.runs.manifest import Manifest
from ib_grid.runs.partition_file import Record
from ib_grid.runs.partition_layout import chunk_of, partition_path
from ib_grid.storage.paths import AnyPath, all_below
from ib_grid.storage.threads import in_threads
from pipelines.verify.draw import Draw

_THREADS = 2
_A_LINK = "a link, where the run has written none"
# Sums of the same float32 values in double precision; another numpy may add them in other order.
_SAME_SUM = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkFile:
    """The file of a chunk: where it has to lie, and whether it is there."""

    chunk: Chunk
    path: AnyPath
    there: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """What a chunk's file was found to hold.

    Attributes
    ----------
    n_rows, n_computed : int
        Rows that were read and are right, and of how many that were computed they were kept; 0 if
        the file is damaged.
    damage, discord : str
        What is wrong with the file, and where its record and its rows disagree; empty if nothing.
    drawn, named : Table, optional
        The rows that were drawn, and those whose ids were asked for; None if the file is damaged.
    """

    n_rows: int
    n_computed: int = 0
    damage: str = ""
    discord: str = ""
    drawn: pa.Table | None = None
    named: pa.Table | None = None


def chunk_files(dataset: AnyPath, plan: ChunkPlan) -> list[ChunkFile]:
    """The file of every chunk, there or not, in the order of the chunks."""
    found, listed = [], set(all_below(dataset))
    for index in range(len(plan)):
        chunk = plan.chunk(index)
        path = partition_path(dataset, plan.grid, chunk)
        found.append(ChunkFile(chunk=chunk, path=path, there=path in listed or path.exists()))
    return found


def sizes(there: Sequence[ChunkFile]) -> dict[int, int]:
    """Rows of these chunks' files, as their records say; a damaged one as if it had all."""
    found = {}
    for file in there:
        found[file.chunk.index] = file.chunk.n_rows
        with contextlib.suppress(StoreError):
            found[file.chunk.index] = partition_file.read_record(file.path).n_rows
    return found


def others(dataset: AnyPath, plan: ChunkPlan) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What lies in the data set and is no chunk's file: strays, and half-written files.

    Each with its place and what it seems to be. A half-written file is no damage: a process that
    was killed has left it, or one is at work.
    """
    strays, partial = [], []
    if dataset.is_symlink():
        strays.append(f"{dataset}: {_A_LINK}")
    for path in sorted(all_below(dataset), key=str):
        try:
            chunk_of(dataset, path, plan)
        except StoreError:
            if path.name.startswith(".") and path.name.endswith(".partial"):
                partial.append(f"{path}: half-written, by a process that was killed or is at work")
            else:
                strays.append(f"{path}: {_stray(path)}")
    return tuple(strays), tuple(partial)


def _stray(path: AnyPath) -> str:
    if path.is_symlink():
        return _A_LINK
    try:
        record = partition_file.read_record(path)
    except StoreError:
        return "not a file of a run"
    return f"it says that it is chunk {record.chunk}, and does not lie in that chunk's place"


def read_all(
    chunk_files: Sequence[ChunkFile], manifest: Manifest, draw: Draw, named_ids: NDArray[np.int64]
) -> Iterator[Found]:
    """What each of these files holds, in their order; few are in memory at a time."""
    plan, row_filter = manifest.plan(), manifest.row_filter

    def read(file: ChunkFile) -> Found:
        try:
            return _read(file, plan, manifest.fingerprint, row_filter, draw, named_ids)
        except UnreachableError:  # it says nothing of the file
            raise
        except StoreError as error:
            return Found(n_rows=0, damage=f"{file.path}: {error.message}")

    yield from in_threads(_THREADS, read, chunk_files)


def _read(
    file: ChunkFile,
    plan: ChunkPlan,
    fingerprint: str,
    row_filter: RowFilter,
    draw: Draw,
    named_ids: NDArray[np.int64],
) -> Found:
    if file.path.is_symlink():
        raise StoreError("it is a link, where the run has written a file", location=str(file.path))
    record, table = partition_file.read_verified(file.path, plan.grid, file.chunk, fingerprint)
    left_out = _left_out(record, table, row_filter)
    if left_out:
        raise StoreError(left_out, location=str(file.path))
    discord = _discord(record, file.chunk, table)
    drawn = draw.rows(file.chunk.index, table.num_rows)
    named = np.flatnonzero(np.isin(table.column("combo_id").to_numpy(), named_ids))
    return Found(
        n_rows=table.num_rows,
        n_computed=record.computed,
        discord=f"{file.path}: {discord}" if discord else "",
        drawn=table.take(pa.array(drawn)),
        named=table.take(pa.array(named)),
    )


def _left_out(record: Record, table: pa.Table, row_filter: RowFilter) -> str:
    """Where a file does not hold the columns and rows that its run keeps; empty if it does."""
    if record.metrics != row_filter.metrics:
        return "its columns are not those that the run keeps"
    if row_filter.every_row and record.n_rows < record.computed:
        lacking = record.computed - record.n_rows
        return f"it lacks {lacking:,} of {record.computed:,} rows, and the run keeps every row"
    if row_filter.apply(table).num_rows < table.num_rows:
        return "it holds a row that the run does not keep"
    return ""


def _discord(record: Record, chunk: Chunk, table: pa.Table) -> str:
    """Where a record does not say what its rows say; empty if it does."""
    metrics = {name: np.asarray(table.column(name).to_numpy()) for name in record.metrics}
    for name, values in metrics.items():
        if not np.isfinite(values).all():
            return f"{name} of a row is not a finite number"
    if record.n_rows < record.computed:
        return ""  # it sums up rows that were not kept, too
    return _difference(record.summary, summary_of(chunk, metrics, record.summary.min_trades))


def _difference(said: Summary, true: Summary) -> str:
    if said.combinations != true.combinations:
        return (
            f"its record counts {said.combinations:,} combinations, its rows {true.combinations:,}"
        )
    if said.best != true.best:
        return f"its record says the best is {said.best}, its rows {true.best}"
    for name, sums in true.variations.items():
        if not _same_sums(said.variations[name], sums):
            return f"its record says of {name} {said.variations[name]}, its rows {sums}"
    return ""


def _same_sums(said: VariationSums, true: VariationSums) -> bool:
    apart = abs(said.total_r - true.total_r)
    counts = (said.combinations, said.trades) == (true.combinations, true.trades)
    return counts and apart <= _SAME_SUM * max(1.0, abs(true.total_r))
