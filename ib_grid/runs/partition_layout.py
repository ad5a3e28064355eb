"""Layout of the partitions of a run: their folders, names, metadata keys and encoding.

A chunk's results lie in ``session=0800-0830/wait_minutes=15/part-00012.parquet`` below the results
folder of the run, with the columns of `ib_grid.grid.columns`. Nothing else knows this layout.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from ib_grid.errors import DataError, StoreError
from ib_grid.grid.chunks import Chunk, ChunkPlan
from ib_grid.grid.columns import METRIC_COLUMNS, result_schema
from ib_grid.grid.grid import Grid
from ib_grid.grid.params import PARAM_NAMES
from ib_grid.storage.atomic_files import is_abandoned, is_file
from ib_grid.storage.paths import AnyPath, RemotePath

DAMAGED_FOLDER = "damaged"
_FOLDERS = "session=*/wait_minutes=*"
_PARTITIONS = f"{_FOLDERS}/part-*.parquet"
_FILE_NAME = re.compile(r"part-(\d{5,})\.parquet")

# Keys of the schema metadata: the record of the file as JSON, and the checksum of that text.
RECORD_KEY = b"ib_grid"
RECORD_CRC32_KEY = b"ib_grid_crc32"

# Floats have no dictionary: building one takes far longer to write than it saves. Byte streams and
# LZ4 make a file a third smaller at no cost in time.
WRITE_OPTIONS: Mapping[str, object] = {
    "compression": "lz4",
    "use_dictionary": [name for name in PARAM_NAMES if name != "rev_rb_enabled"],
    "column_encoding": {
        "combo_id": "DELTA_BINARY_PACKED",
        **dict.fromkeys(METRIC_COLUMNS, "BYTE_STREAM_SPLIT"),
    },
    "write_statistics": ["combo_id", *PARAM_NAMES],
}


def results_folder(run_dir: AnyPath, symbol: str) -> AnyPath:
    """Return the folder with the partitions of a run."""
    return run_dir / f"{symbol}_full_results.parquet"


def partition_path(results: AnyPath, grid: Grid, chunk: Chunk) -> AnyPath:
    """Return the path of a chunk's partition."""
    session = str(grid.sessions[chunk.session_index]).replace(":", "")
    wait = grid.ib_wait_minutes[chunk.wait_index]
    name = f"part-{chunk.index:05d}.parquet"
    return results / f"session={session}" / f"wait_minutes={wait}" / name


def chunk_of(results: AnyPath, path: AnyPath, plan: ChunkPlan) -> Chunk:
    """Return the chunk whose partition has this path."""
    match = _FILE_NAME.fullmatch(path.name)
    index = int(match[1]) if match else len(plan)
    if index >= len(plan) or partition_path(results, plan.grid, plan.chunk(index)) != path:
        raise StoreError("the file does not belong in this run", location=str(path))
    return plan.chunk(index)


def partition_files(results: AnyPath) -> list[AnyPath]:
    """Return the partitions in a results folder, in the order of their chunks."""
    check_no_link_out(results)
    if isinstance(results, Path):
        found: Iterator[AnyPath] = results.glob(_PARTITIONS)
    else:  # one request per thousand partitions; a pattern would need one per folder
        found = (path for path in results.all_below() if _is_partition(path, results))
    return sorted(found, key=lambda path: (len(path.name), path.name, str(path)))


def _is_partition(path: RemotePath, results: RemotePath) -> bool:
    below = PurePosixPath(path.path).relative_to(results.path)
    return len(below.parts) == _PARTITIONS.count("/") + 1 and below.match(_PARTITIONS)


def temporary_files(results: Path) -> list[Path]:
    """Return the half-written files that killed processes have left."""
    found = (
        *results.glob(f"{_FOLDERS}/.part-*.partial"),
        *results.parent.glob(".*.partial"),
    )
    return [path for path in found if is_abandoned(path)]


def check_no_link_out(results: AnyPath) -> None:
    """Refuse folders and files that are links out of the run directory.

    Their targets would be read as results, moved as damaged or removed as temporary files.
    """
    if not isinstance(results, Path):  # a store has no links
        return
    run_dir = os.path.realpath(results.parent)
    below = ("session=*", _FOLDERS, f"{_FOLDERS}/*part-*")
    found = (path for pattern in below for path in results.glob(pattern))
    for path in (results.parent / DAMAGED_FOLDER, results, *found):
        target = os.path.realpath(path) if path.is_symlink() else run_dir
        if os.path.commonpath([run_dir, target]) != run_dir:
            raise StoreError(
                "a link leads out of the run directory",
                location=str(path),
                expected="folders and files inside the run directory",
                hint="replace the link with the file or folder that it leads to",
            )


def no_results(results: AnyPath) -> DataError:
    """Return the error for a run without results."""
    return DataError(
        "no results yet",
        location=str(results),
        expected="at least one finished chunk",
        hint="compute some with `ib-grid run`",
    )


@contextmanager
def open_partition(path: AnyPath) -> Iterator[pq.ParquetFile]:
    """Open a partition for reading."""
    if isinstance(path, Path):
        if path.exists() and not is_file(path):  # reading a pipe would wait forever
            raise StoreError("not a regular file", location=str(path))
        with pq.ParquetFile(path) as file:
            yield file
    else:
        # Each read of an object is a request; pre-buffering joins neighbouring ones.
        with path.open() as content, pq.ParquetFile(content, pre_buffer=True) as file:
            yield file


def dataset_of(
    run_dir: AnyPath, files: Mapping[int, AnyPath], plan: ChunkPlan, columns: Sequence[str]
) -> ds.FileSystemDataset:
    """Return the partitions of some chunks as one Arrow dataset; no file is opened yet.

    Each file carries what its chunk says of its rows, so that filters skip files unread.
    """
    format_, schema = ds.ParquetFileFormat(), result_schema()
    filesystem = _arrow_filesystem(run_dir)
    fragments = [
        format_.make_fragment(arrow_path(path), filesystem, _chunk_condition(plan, index, columns))
        for index, path in files.items()
    ]
    return ds.FileSystemDataset(
        fragments, pa.schema([schema.field(name) for name in columns]), format_, filesystem
    )


def arrow_path(path: AnyPath) -> str:
    """Return the path as the Arrow dataset writes it."""
    return str(path.absolute()) if isinstance(path, Path) else path.path


def _chunk_condition(plan: ChunkPlan, index: int, columns: Sequence[str]) -> pc.Expression:
    """Return the parameter values that all rows of a chunk share."""
    chunk = plan.chunk(index)
    session = plan.grid.sessions[chunk.session_index]
    ids = pc.field("combo_id")
    condition = (ids >= chunk.first_id) & (ids < chunk.first_id + chunk.n_rows)
    values = {
        "ib_start": session.ib_start,
        "ib_end": session.ib_end,
        "ib_timezone": session.ib_timezone,
        "ib_wait_minutes": pa.scalar(plan.grid.ib_wait_minutes[chunk.wait_index], pa.int32()),
    }
    for name, value in values.items():
        if name in columns:
            condition &= pc.field(name) == pc.scalar(value)
    return condition


class _RemoteFiles(pafs.FSSpecHandler):
    """Objects of a store for Arrow, opened as `RemotePath` opens them."""

    def __init__(self, path: RemotePath) -> None:
        super().__init__(path.store)
        self._protocol = path.protocol

    def open_input_file(self, path: str) -> pa.PythonFile:
        return pa.PythonFile(RemotePath(self._protocol, path).open(), mode="r")


def _arrow_filesystem(path: AnyPath) -> pafs.FileSystem:
    if isinstance(path, Path):
        return pafs.LocalFileSystem()
    return pafs.PyFileSystem(_RemoteFiles(path))
