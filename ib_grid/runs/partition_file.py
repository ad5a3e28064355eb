"""Writing and verifying of one partition."""

from __future__ import annotations

import errno
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ib_grid.errors import DiskError, OutputError, StoreError, first_line
from ib_grid.grid.chunks import Chunk
from ib_grid.grid.columns import METRIC_COLUMNS, result_schema
from ib_grid.grid.grid import Grid
from ib_grid.grid.params import PARAM_NAMES
from ib_grid.runs.chunk_summary import Summary, summary_from_dict
from ib_grid.runs.partition_layout import (
    RECORD_CRC32_KEY,
    RECORD_KEY,
    WRITE_OPTIONS,
    open_partition,
)
from ib_grid.storage.atomic_files import stale, whole_file
from ib_grid.storage.checksum import has_valid_checksum, parquet_with_checksum
from ib_grid.storage.paths import AnyPath

_UNREADABLE = (OSError, pa.ArrowException, ValueError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Description of a partition in its own schema metadata.

    Attributes
    ----------
    computed, n_rows : int
        Rows of the chunk that were computed, and rows in the file: fewer if the run keeps only
        some.
    metrics : tuple of str
        Metric columns in the file.
    is_cut : bool
        True if the file has only the rows above the run's top-k threshold.
    crc32 : int
        Checksum of the metrics, column after column, whatever their encoding in the file.
    """

    chunk: int
    first_id: int
    computed: int
    n_rows: int
    metrics: tuple[str, ...]
    is_cut: bool
    fingerprint: str
    crc32: int
    summary: Summary


def results_table(grid: Grid, chunk: Chunk, metrics: NDArray[np.float32]) -> pa.Table:
    """Return the result rows of a chunk; metrics in the order of `METRIC_COLUMNS`."""
    return _rows(grid, chunk.ids, metrics, METRIC_COLUMNS)


def _rows(
    grid: Grid, ids: NDArray[np.int64], metrics: NDArray[np.float32], names: Sequence[str]
) -> pa.Table:
    schema = result_schema(names)
    params = [
        _take(pa.array(list(values), schema.field(name).type), index)
        for name, (values, index) in grid.columns(ids).items()
    ]
    columns = [pa.array(ids), *params, *(pa.array(metric) for metric in metrics)]
    return pa.Table.from_arrays(columns, schema=schema)


def _take(values: pa.Array, index: NDArray[np.int64]) -> pa.Array:
    if pa.types.is_primitive(values.type):  # numpy takes a third of the time of Arrow
        return pa.array(values.to_numpy(zero_copy_only=False)[index])
    return values.take(pa.array(index))


def write(
    path: AnyPath,
    table: pa.Table,
    chunk: Chunk,
    fingerprint: str,
    summary: Summary,
    *,
    is_cut: bool = False,
) -> Record:
    """Write the stored rows of a chunk atomically and return the record of the file."""
    record = Record(
        chunk=chunk.index,
        first_id=chunk.first_id,
        computed=chunk.n_rows,
        n_rows=table.num_rows,
        metrics=_metrics_of(table),
        is_cut=is_cut,
        fingerprint=fingerprint,
        crc32=_crc32(table),
        summary=summary,
    )
    text = json.dumps(asdict(record), sort_keys=True).encode()
    metadata = {RECORD_KEY: text, RECORD_CRC32_KEY: str(zlib.crc32(text))}
    content = parquet_with_checksum(table.replace_schema_metadata(metadata), **WRITE_OPTIONS)
    try:
        with whole_file(path) as file:
            file.write(content)
    except (OutputError, DiskError) as error:
        raise StoreError(
            error.message,
            location=error.location,
            hint=f"{error.hint.partition(', or ')[0]}, and run the same command again: finished"
            " chunks are kept",
        ) from error
    return record


def _metrics_of(table: pa.Table) -> tuple[str, ...]:
    return tuple(name for name in table.column_names if name in METRIC_COLUMNS)


def _crc32(table: pa.Table) -> int:
    value = 0
    for name in _metrics_of(table):
        for piece in table.column(name).chunks:
            value = zlib.crc32(piece.to_numpy(zero_copy_only=True), value)
    return value


def read_record(path: AnyPath) -> Record:
    """Return the record of a file, whatever its run."""
    return _footer(path)[0]


def _footer(path: AnyPath) -> tuple[Record, pq.FileMetaData, pa.Schema]:
    try:
        with open_partition(path) as file:
            metadata = file.metadata
        schema = metadata.schema.to_arrow_schema()
    except _UNREADABLE as error:
        raise _unreadable(path, "not a complete Parquet file", error) from error
    return _record(path, metadata.metadata or {}), metadata, schema


def verify(path: AnyPath, chunk: Chunk, fingerprint: str) -> Record:
    """Check by the footer of a file that it is a chunk's partition, and return its record."""
    record, metadata, schema = _footer(path)
    expected = (chunk.index, chunk.first_id, chunk.n_rows)
    if record.fingerprint != fingerprint:
        raise _damaged(path, "the file belongs to another run")
    if (record.chunk, record.first_id, record.computed) != expected:
        raise _damaged(path, f"the file holds chunk {record.chunk}, not chunk {chunk.index}")
    if metadata.num_rows != record.n_rows or not schema.equals(_schema(record.metrics)):
        raise _damaged(path, "unexpected rows or columns")
    return record


def verify_contents(path: AnyPath, chunk: Chunk, fingerprint: str) -> Record:
    """Check as `verify`, and by the checksum that every byte of the file is as written."""
    record = verify(path, chunk, fingerprint)
    try:
        with path.open("rb") as file:
            is_valid = has_valid_checksum(file)
    except OSError as error:
        raise _unreadable(path, "the file cannot be read", error) from error
    if not is_valid:
        raise _damaged(path, "wrong checksum: the file is not as it was written")
    return record


def read_verified(
    path: AnyPath, grid: Grid, chunk: Chunk, fingerprint: str
) -> tuple[Record, pa.Table]:
    """Check as `verify_contents`, and return the record and the rows, `result_schema`."""
    record = verify_contents(path, chunk, fingerprint)
    try:
        with open_partition(path) as file:
            table = file.read(use_threads=False)
    except _UNREADABLE as error:
        raise _unreadable(path, "the file cannot be read", error) from error
    if not _is_of_chunk(table, grid, chunk):
        raise _damaged(path, "the combinations are not those of the chunk")
    return record, table


def _is_of_chunk(table: pa.Table, grid: Grid, chunk: Chunk) -> bool:
    """Return True if the rows are combinations of the chunk, each once, with their parameters."""
    ids = table.column("combo_id").to_numpy()
    if not np.isin(ids, chunk.ids).all() or (np.diff(ids) <= 0).any():
        return False
    no_metrics = np.zeros((0, len(ids)), np.float32)
    return bool(table.select(["combo_id", *PARAM_NAMES]).equals(_rows(grid, ids, no_metrics, ())))


def _record(path: AnyPath, metadata: Mapping[bytes, bytes]) -> Record:
    text, crc32 = metadata.get(RECORD_KEY, b""), metadata.get(RECORD_CRC32_KEY, b"")
    if not text:
        raise _damaged(path, "the file was not written by ib-grid")
    try:
        if zlib.crc32(text) != int(crc32):
            raise ValueError("wrong checksum")
        content = json.loads(text)
        metrics = _shared(tuple(content["metrics"]))
        summary = summary_from_dict(content["summary"])
        return Record(**{**content, "metrics": metrics, "summary": summary})
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(path, f"damaged metadata ({error})") from error


@lru_cache(maxsize=16)
def _shared(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names as one tuple for all files, as thousands of records are in memory."""
    return names


@lru_cache(maxsize=16)
def _schema(metrics: tuple[str, ...]) -> pa.Schema:
    return result_schema(metrics)


def _unreadable(path: AnyPath, message: str, error: Exception) -> StoreError:
    if isinstance(error, OSError) and error.errno == errno.ESTALE:  # says nothing about the file
        return stale(path, error)
    return _damaged(path, f"{message} ({first_line(error)})")


def _damaged(path: AnyPath, message: str) -> StoreError:
    return StoreError(message, location=str(path))
