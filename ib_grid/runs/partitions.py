"""Where the partition files of a run lie, and how one is opened."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from ib_grid.errors import DataError, StoreError
from ib_grid.grid.chunks import Chunk, ChunkPlan
from ib_grid.grid.grid import Grid
from ib_grid.storage.atomic_files import is_file
from ib_grid.storage.paths import AnyPath, RemotePath

DAMAGED_FOLDER = "damaged"
_PARTITIONS = "session=*/wait_minutes=*/part-*.parquet"
_FILE_NAME = re.compile(r"part-(\d{5,})\.parquet")


def results_folder(run_dir: AnyPath, symbol: str) -> AnyPath:
    """The Parquet data set of a run."""
    return run_dir / f"{symbol}_full_results.parquet"


def partition_path(results: AnyPath, grid: Grid, chunk: Chunk) -> AnyPath:
    """Where a chunk's file lies: ``session=0800-0830/wait_minutes=15/part-00012.parquet``."""
    session = str(grid.sessions[chunk.session_index]).replace(":", "")
    wait = grid.ib_wait_minutes[chunk.wait_index]
    name = f"part-{chunk.index:05d}.parquet"
    return results / f"session={session}" / f"wait_minutes={wait}" / name


def check_no_link_out(results: AnyPath) -> None:
    """Refuse folders and files of a data set that are links out of the run directory.

    What they lead to would be read as results, moved as damaged or removed as left over.

    Raises
    ------
    StoreError
        If there is one.
    """
    if not isinstance(results, Path):  # a store has no links
        return
    run_dir = os.path.realpath(results.parent)
    below = ("session=*", "session=*/wait_minutes=*", "session=*/wait_minutes=*/*part-*")
    found = (path for pattern in below for path in results.glob(pattern))
    for path in (results.parent / DAMAGED_FOLDER, results, *found):
        target = os.path.realpath(path) if path.is_symlink() else run_dir
        if os.path.commonpath([run_dir, target]) != run_dir:
            raise StoreError(
                "a link leads out of the run directory",
                location=str(path),
                expected="folders and files in the run directory itself",
                hint="put what it leads to in its place",
            )


def partition_files(results: AnyPath) -> list[AnyPath]:
    """The partition files of a data set, in the order of their chunks.

    Raises
    ------
    StoreError
        If one of them is a link out of the run directory, see `check_no_link_out`.
    """
    check_no_link_out(results)
    if isinstance(results, Path):
        found: Iterator[AnyPath] = results.glob(_PARTITIONS)
    else:  # one request for a thousand of them; by the pattern it were one for each folder
        found = (path for path in results.all_below() if _is_partition(path, results))
    return sorted(found, key=lambda path: (len(path.name), path.name, str(path)))


def _is_partition(path: RemotePath, results: RemotePath) -> bool:
    below = PurePosixPath(path.path).relative_to(results.path)
    return len(below.parts) == _PARTITIONS.count("/") + 1 and below.match(_PARTITIONS)


def chunk_of(results: AnyPath, path: AnyPath, plan: ChunkPlan) -> Chunk:
    """The chunk whose file lies at this path.

    Raises
    ------
    StoreError
        If no chunk's file does.
    """
    match = _FILE_NAME.fullmatch(path.name)
    index = int(match[1]) if match else len(plan)
    if index >= len(plan) or partition_path(results, plan.grid, plan.chunk(index)) != path:
        raise StoreError("it has no place in this run", location=str(path))
    return plan.chunk(index)


def no_results(results: AnyPath) -> DataError:
    """The error for a run of which nothing has been computed."""
    return DataError(
        "there are no results yet",
        location=str(results),
        expected="at least one finished chunk",
        hint="compute some with `ib-grid run`",
    )


@contextmanager
def open_partition(path: AnyPath) -> Iterator[pq.ParquetFile]:
    """A Parquet file to be read, wherever it lies.

    Raises
    ------
    StoreError
        If it is a folder, a pipe or a device.
    OSError, pyarrow.ArrowException
        If it cannot be read, or is no Parquet file.
    """
    if isinstance(path, Path):
        if path.exists() and not is_file(path):  # a pipe would be waited for for ever
            raise StoreError("it is not a file", location=str(path))
        with pq.ParquetFile(path) as file:
            yield file
    else:
        # Each read of an object is a request: what lies close together is fetched by one.
        with path.open() as content, pq.ParquetFile(content, pre_buffer=True) as file:
            yield file


class _RemoteFiles(pafs.FSSpecHandler):
    """A store's objects as Arrow asks for them, each opened as `RemotePath` opens it."""

    def __init__(self, place: RemotePath) -> None:
        super().__init__(place.store)
        self._protocol = place.protocol

    def open_input_file(self, path: str) -> pa.PythonFile:
        return pa.PythonFile(RemotePath(self._protocol, path).open(), mode="r")


def arrow_filesystem(path: AnyPath) -> pafs.FileSystem:
    """The disk or the store that a place is in, as Arrow's data sets ask for it."""
    if isinstance(path, Path):
        return pafs.LocalFileSystem()
    return pafs.PyFileSystem(_RemoteFiles(path))


def arrow_path(path: AnyPath) -> str:
    """What a place is called by `arrow_filesystem`."""
    return str(path.absolute()) if isinstance(path, Path) else path.path
