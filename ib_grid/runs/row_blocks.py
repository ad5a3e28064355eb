"""Blocks of rows, read from the partitions of a run with only the columns asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
from numpy.typing import NDArray

from ib_grid.engine.metric_checks import first_inconsistency
from ib_grid.errors import StoreError, first_line
from ib_grid.grid import scoring
from ib_grid.grid.columns import result_schema
from ib_grid.grid.filters.conditions import Condition
from ib_grid.grid.scoring import Columns
from ib_grid.runs import partition_layout
from ib_grid.runs.partition_layout import arrow_path, open_partition, results_folder
from ib_grid.storage.paths import AnyPath, RemotePath
from ib_grid.storage.threads import STORE_THREADS, in_threads

BLOCK_ROWS = 65_536


@dataclass(frozen=True, slots=True)
class File:
    """A partition and its number."""

    index: int
    path: AnyPath


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Rows of one file; `first_row` counts before a condition leaves out rows."""

    file: File
    first_row: int
    columns: Columns


def partition_files(run_dir: AnyPath, symbol: str) -> tuple[File, ...]:
    """Return the partitions of a run, in the order of their chunks."""
    results = results_folder(run_dir, symbol)
    files = partition_layout.partition_files(results)
    if not files:
        raise partition_layout.no_results(results)
    return numbered(files)


def numbered(paths: Iterable[AnyPath]) -> tuple[File, ...]:
    """Return partitions with their numbers, from 0."""
    return tuple(File(index, path) for index, path in enumerate(paths))


def matching_files(
    files: Iterable[File], dataset: ds.FileSystemDataset, where: Condition
) -> list[File]:
    """Return the files that may hold rows of a condition, by the statistics of the dataset."""
    by_path = {arrow_path(file.path): file for file in files}
    return [
        by_path[fragment.path]
        for fragment in dataset.get_fragments(where.expression)
        if fragment.subset(where.expression).num_row_groups
    ]


def count_rows(files: Iterable[File]) -> int:
    """Return the number of rows in all files, from their footers."""
    paths = [file.path for file in files]
    return sum(
        in_threads(STORE_THREADS, _n_rows, paths) if _in_store(paths) else map(_n_rows, paths)
    )


def _n_rows(path: AnyPath) -> int:
    with read_errors(path), open_partition(path) as file:
        return int(file.metadata.num_rows)


def read_blocks(
    files: Iterable[File], names: Sequence[str], where: Condition | None = None
) -> Iterator[Block]:
    """Yield these columns of some files in blocks of bounded size, only the rows of a condition."""
    needed = tuple(dict.fromkeys((*names, *(where.columns if where else ()))))
    for file, batches in _batches_of(files, needed):
        first_row = 0
        for batch in batches:
            rows = _matching(batch, where) if where else batch
            columns = {name: _to_numpy(rows.column(name)) for name in names}
            yield Block(file=file, first_row=first_row, columns=columns)
            first_row += batch.num_rows


def check_finite(block: Block) -> None:
    """Refuse a block, with ``combo_id`` among its columns, in which a number is not finite."""
    floats = tuple(name for name, values in block.columns.items() if values.dtype.kind == "f")
    try:
        scoring.check_finite(block.columns, floats)
    except StoreError as error:
        raise error.with_context(StoreError, location=str(block.file.path)) from error


def check_consistent(block: Block) -> None:
    """Refuse a block, with ``combo_id`` among its columns, in which metrics contradict others."""
    found = first_inconsistency(block.columns)
    if found:
        row, identity = found
        combo_id = int(block.columns["combo_id"][row])
        raise wrong_row(combo_id, f"{identity} does not hold", block.file.path)


def wrong_row(combo_id: int, found: str, path: AnyPath) -> StoreError:
    """Return the error for a row of an intact file that cannot be what the engine computed."""
    return StoreError(
        f"combination {combo_id} is wrong: {found}",
        location=str(path),
        expected="the metrics that the engine computes from the bars of the run",
        hint="move this file out of the run, and run the same command again to recompute it; if"
        " that happens again, test the memory of the machine",
    )


def file_with(files: Iterable[File], combo_id: int) -> AnyPath:
    """Return the path of the file with a combination; KeyError if no file has it."""
    for block in read_blocks(files, ("combo_id",)):
        if (block.columns["combo_id"] == combo_id).any():
            return block.file.path
    raise KeyError(combo_id)


def take_rows(
    files: Iterable[File], rows_of: Mapping[int, NDArray[np.int64]], metrics: Sequence[str]
) -> pa.Table:
    """Return rows of some files with these metrics, in the order of the files.

    `rows_of` has the wanted rows of each file, ascending, by the index of the file.
    """
    schema = result_schema(metrics)
    taken = [schema.empty_table()]
    for file, batches in _batches_of(files, schema.names):
        wanted, first_row = rows_of[file.index], 0
        for batch in batches:
            inside = wanted[(wanted >= first_row) & (wanted < first_row + batch.num_rows)]
            if len(inside):
                rows = pa.Table.from_batches([batch.take(pa.array(inside - first_row))])
                taken.append(rows.select(schema.names).cast(schema))
            first_row += batch.num_rows
    return pa.concat_tables(taken)


@contextmanager
def read_errors(location: AnyPath) -> Iterator[None]:
    """Turn an error of Arrow or the disk into a StoreError."""
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        raise _unreadable(location, first_line(error)) from error


def _unreadable(location: AnyPath, reason: str) -> StoreError:
    return StoreError(
        f"the result file cannot be read ({reason})",
        location=str(location),
        hint="repeat the `ib-grid run` of this directory, which recomputes damaged files",
    )


def _batches_of(
    files: Iterable[File], names: Sequence[str]
) -> Iterator[tuple[File, Iterable[pa.RecordBatch]]]:
    """Yield files with their batches; several files of a store are read at a time."""
    known = list(files)
    if not _in_store(file.path for file in known):
        yield from ((file, _batches(file.path, names)) for file in known)
        return
    for first in range(0, len(known), STORE_THREADS):
        some = known[first : first + STORE_THREADS]
        read = in_threads(len(some), lambda file: list(_batches(file.path, names)), some)
        yield from zip(some, read, strict=True)


def _in_store(paths: Iterable[AnyPath]) -> bool:
    return any(isinstance(path, RemotePath) for path in paths)


def _batches(path: AnyPath, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
    with read_errors(path), open_partition(path) as file:
        existing = set(file.schema.names)
        missing = [name for name in names if name not in existing]
        if missing:
            raise _unreadable(path, f"missing column {', '.join(missing)}")
        # Threads of Arrow cost more than they gain where a block decodes in milliseconds.
        yield from file.iter_batches(BLOCK_ROWS, columns=list(names), use_threads=False)


def _matching(batch: pa.RecordBatch, where: Condition) -> pa.RecordBatch:
    table = pa.Table.from_batches([batch]).filter(where.expression)
    rows = table.combine_chunks().to_batches()
    return rows[0] if rows else batch.slice(0, 0)


def _to_numpy(column: pa.Array) -> NDArray[np.generic]:
    if not pa.types.is_dictionary(column.type):
        return column.to_numpy(zero_copy_only=False)
    values = column.dictionary.to_numpy(zero_copy_only=False)
    if values.dtype == object:  # numpy compares texts of its own kind far faster
        values = values.astype(np.str_)
    return values[column.indices.to_numpy()]
