"""One partition file: how it is written, what it says of itself and how it is known to be right."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
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
from ib_grid.runs.partitions import open_partition
from ib_grid.storage.atomic_files import whole_file
from ib_grid.storage.checksum import has_valid_checksum, parquet_with_checksum
from ib_grid.storage.paths import AnyPath

_RECORD_KEY = b"ib_grid"
_RECORD_CRC32_KEY = b"ib_grid_crc32"

_REMEDY = "make room or give the right to write, and run again: what is done is kept"
_UNREADABLE = (OSError, pa.ArrowException, ValueError)

# Floats are stored as they are: a dictionary of them takes far longer to write than it saves.
# Byte streams and LZ4 make a file a third smaller at no cost in time.
_WRITE_OPTIONS = {
    "compression": "lz4",
    "use_dictionary": [name for name in PARAM_NAMES if name != "rev_rb_enabled"],
    "column_encoding": {
        "combo_id": "DELTA_BINARY_PACKED",
        **dict.fromkeys(METRIC_COLUMNS, "BYTE_STREAM_SPLIT"),
    },
    "write_statistics": ["combo_id", *PARAM_NAMES],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What a partition file says of itself in its schema's metadata.

    Attributes
    ----------
    chunk, first_id, computed : int
        The chunk whose rows it holds, and how many of them were computed.
    n_rows : int
        Rows that are in the file: fewer where the run keeps only some.
    metrics : tuple of str
        Metric columns that are in the file.
    is_cut : bool
        Whether only the rows that the run's cut leaves are in it.
    fingerprint : str
        Of the run.
    crc32 : int
        Of the metrics' bytes, column after column.
    summary : Summary
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
    """Result rows of a chunk, `result_schema`; metrics have the shape (n_metrics, n_rows)."""
    return _rows(grid, chunk.ids, metrics, METRIC_COLUMNS)


def _rows(
    grid: Grid, ids: NDArray[np.int64], metrics: NDArray[np.float32], names: Sequence[str]
) -> pa.Table:
    schema = result_schema(names)
    params = [
        _chosen(pa.array(list(values), schema.field(name).type), index)
        for name, (values, index) in grid.columns(ids).items()
    ]
    columns = [pa.array(ids), *params, *(pa.array(metric) for metric in metrics)]
    return pa.Table.from_arrays(columns, schema=schema)


def _chosen(values: pa.Array, index: NDArray[np.int64]) -> pa.Array:
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
    """Write the rows of a chunk that are kept, whole or not at all; what the file says of itself.

    Raises
    ------
    StoreError
        If the file cannot be written.
    """
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
    signature = {_RECORD_KEY: text, _RECORD_CRC32_KEY: str(zlib.crc32(text))}
    signed = table.replace_schema_metadata(signature)
    try:
        with whole_file(path) as file:
            file.write(parquet_with_checksum(signed, **_WRITE_OPTIONS))
    except (OutputError, DiskError) as error:
        raise StoreError(error.message, location=error.location, hint=_REMEDY) from error
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
    """What a file says of itself, whatever run it is of.

    Raises
    ------
    StoreError
        If it is no partition file.
    """
    return _footer(path)[0]


def _footer(path: AnyPath) -> tuple[Record, pq.FileMetaData, pa.Schema]:
    try:
        with open_partition(path) as file:
            metadata = file.metadata
        schema = metadata.schema.to_arrow_schema()
    except _UNREADABLE as error:
        raise wrong(path, f"it is not a whole Parquet file ({first_line(error)})") from error
    return _record(path, metadata.metadata or {}), metadata, schema


def verify(path: AnyPath, chunk: Chunk, fingerprint: str) -> Record:
    """Check by a file's footer that it holds a chunk of a run.

    Raises
    ------
    StoreError
        If it does not; it says what is wrong.
    """
    record, metadata, schema = _footer(path)
    expected = (chunk.index, chunk.first_id, chunk.n_rows)
    if record.fingerprint != fingerprint:
        raise wrong(path, "it belongs to another run")
    if (record.chunk, record.first_id, record.computed) != expected:
        raise wrong(path, f"it holds chunk {record.chunk}, not chunk {chunk.index}")
    if metadata.num_rows != record.n_rows or not schema.equals(result_schema(record.metrics)):
        raise wrong(path, "its rows or columns are not those of a chunk")
    return record


def verify_contents(path: AnyPath, chunk: Chunk, fingerprint: str) -> Record:
    """Check by a file's checksum that it holds what was written.

    Raises
    ------
    StoreError
        If it does not; it says what is wrong.
    """
    record = verify(path, chunk, fingerprint)
    _check_checksum(path)
    return record


def read_verified(
    path: AnyPath, grid: Grid, chunk: Chunk, fingerprint: str
) -> tuple[Record, pa.Table]:
    """What a file says of itself and its rows, `result_schema`, checked as by `verify_contents`.

    Raises
    ------
    StoreError
        If it does not hold the rows that were written; it says what is wrong.
    """
    record = verify_contents(path, chunk, fingerprint)
    try:
        with open_partition(path) as file:
            table = file.read(use_threads=False)
    except _UNREADABLE as error:
        raise wrong(path, f"it cannot be read ({first_line(error)})") from error
    if not _are_of(table, grid, chunk):
        raise wrong(path, "its combinations are not those of the chunk")
    return record, table


def _are_of(table: pa.Table, grid: Grid, chunk: Chunk) -> bool:
    """Whether the rows are combinations of a chunk, each at most once, with their parameters."""
    ids = table.column("combo_id").to_numpy()
    if not np.isin(ids, chunk.ids).all() or (np.diff(ids) <= 0).any():
        return False
    blank = np.zeros((0, len(ids)), np.float32)
    return bool(table.select(["combo_id", *PARAM_NAMES]).equals(_rows(grid, ids, blank, ())))


def _record(path: AnyPath, metadata: Mapping[bytes, bytes]) -> Record:
    text, crc32 = metadata.get(_RECORD_KEY, b""), metadata.get(_RECORD_CRC32_KEY, b"")
    if not text:
        raise wrong(path, "it was not written by ib-grid")
    try:
        if zlib.crc32(text) != int(crc32):
            raise ValueError("their sum is wrong")
        content = json.loads(text)
        return Record(
            **{
                "computed": content["n_rows"],  # what files said before some were left out
                "is_cut": False,
                **content,
                "metrics": _shared(content.get("metrics", METRIC_COLUMNS)),
                "summary": summary_from_dict(content["summary"]),
            }
        )
    except (ValueError, KeyError, TypeError) as error:
        raise wrong(path, f"its metadata are damaged ({error})") from error


@lru_cache(maxsize=16)
def _same(names: tuple[str, ...]) -> tuple[str, ...]:
    return names


def _shared(names: Iterable[str]) -> tuple[str, ...]:
    """The names as one tuple for all files: thousands of records are held at once."""
    return _same(tuple(names))


def wrong(path: AnyPath, found: str) -> StoreError:
    """The error of a file that is not what it should be."""
    return StoreError(found, location=str(path))


def _check_checksum(path: AnyPath) -> None:
    try:
        with path.open("rb") as file:
            valid = has_valid_checksum(file)
    except OSError as error:
        raise wrong(path, f"it cannot be read ({first_line(error)})") from error
    if not valid:
        raise wrong(path, "its bytes are not those that were written")
