"""Reading a run's partition files block by block, only the columns asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ib_grid.errors import StoreError, first_line
from ib_grid.grid import scoring
from ib_grid.grid.columns import result_schema
from ib_grid.grid.scoring import Columns
from ib_grid.runs import partitions
from ib_grid.runs.partitions import open_partition, results_folder
from ib_grid.storage.paths import AnyPath

BLOCK_ROWS = 65_536
_PARTITION = re.compile(r"part-\d+\.parquet")


@dataclass(frozen=True, slots=True)
class File:
    """A partition file, and its place among those of the run."""

    index: int
    path: AnyPath


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Neighbouring rows of one file: its columns, and where the rows are."""

    file: File
    first_row: int
    columns: Columns


def partition_files(run_dir: AnyPath, symbol: str) -> tuple[File, ...]:
    """The partition files of a run, by chunk; files set aside are not among them.

    Raises
    ------
    DataError
        If there is none.
    """
    results = results_folder(run_dir, symbol)
    files = [f for f in partitions.partition_files(results) if _PARTITION.fullmatch(f.name)]
    if not files:
        raise partitions.no_results(results)
    return numbered(files)


def numbered(paths: Iterable[AnyPath]) -> tuple[File, ...]:
    """Partition files in the order of their chunks, numbered."""
    return tuple(File(index, path) for index, path in enumerate(paths))


def count_rows(files: Iterable[File]) -> int:
    """Rows of all the files, from their footers.

    Raises
    ------
    StoreError
        If a file cannot be read.
    """
    return sum(_n_rows(file.path) for file in files)


def _n_rows(path: AnyPath) -> int:
    try:
        with open_partition(path) as file:
            return int(file.metadata.num_rows)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(path, first_line(error)) from error


def blocks(files: Iterable[File], names: Sequence[str]) -> Iterator[Block]:
    """The rows of the files, some columns of them, in blocks of bounded size.

    Raises
    ------
    StoreError
        If a file cannot be read or lacks a column.
    """
    for file in files:
        first_row = 0
        for batch in _batches(file.path, names):
            columns = {name: _to_numpy(batch.column(name)) for name in names}
            yield Block(file=file, first_row=first_row, columns=columns)
            first_row += batch.num_rows


def check_finite(block: Block) -> None:
    """Refuse a block in which a number is none; ``combo_id`` is among its columns.

    Raises
    ------
    StoreError
        If there is one; it names the combination and the file.
    """
    floats = tuple(name for name, values in block.columns.items() if values.dtype.kind == "f")
    try:
        scoring.check_finite(block.columns, floats)
    except StoreError as error:
        raise error.with_context(StoreError, location=str(block.file.path)) from error


def take_rows(
    files: Iterable[File], rows_of: Mapping[int, NDArray[np.int64]], metrics: Sequence[str]
) -> pa.Table:
    """Rows of some files with these metrics, in the order of the files.

    Parameters
    ----------
    files : iterable of File
    rows_of : mapping of int to int64 array
        By the index of a file, which rows of it are wanted, ascending.
    metrics : sequence of str

    Raises
    ------
    StoreError
        If a file cannot be read or lacks a column.
    """
    schema = result_schema(metrics)
    taken = [schema.empty_table()]
    for file in files:
        wanted, first_row = rows_of[file.index], 0
        for batch in _batches(file.path, schema.names):
            inside = wanted[(wanted >= first_row) & (wanted < first_row + batch.num_rows)]
            if len(inside):
                rows = pa.Table.from_batches([batch.take(pa.array(inside - first_row))])
                taken.append(rows.select(schema.names).cast(schema))
            first_row += batch.num_rows
    return pa.concat_tables(taken)


def _batches(path: AnyPath, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
    try:
        with open_partition(path) as file:
            there = set(file.schema_arrow.names)
            missing = [name for name in names if name not in there]
            if missing:
                raise _unreadable(path, f"no column {', '.join(missing)}")
            yield from file.iter_batches(batch_size=BLOCK_ROWS, columns=list(names))
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(path, first_line(error)) from error


def _unreadable(path: AnyPath, reason: str) -> StoreError:
    return StoreError(
        f"not a readable result file ({reason})",
        location=str(path),
        hint="remove it and run again: what is missing is computed anew",
    )


def _to_numpy(column: pa.Array) -> NDArray[np.generic]:
    if not pa.types.is_dictionary(column.type):
        return column.to_numpy(zero_copy_only=False)
    values = column.dictionary.to_numpy(zero_copy_only=False)
    if values.dtype == object:  # texts, which numpy compares far quicker as its own kind
        values = values.astype(np.str_)
    return values[column.indices.to_numpy()]
