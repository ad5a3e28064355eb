"""The partition files of a run as one data set of rows, each with what its place says of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from ib_grid.errors import StoreError, first_line
from ib_grid.grid.chunks import ChunkPlan
from ib_grid.grid.columns import RESULT_COLUMNS, result_schema
from ib_grid.runs.partitions import (
    arrow_filesystem,
    arrow_path,
    chunk_of,
    open_partition,
    partition_files,
)
from ib_grid.storage.paths import AnyPath


def files_of(results: AnyPath, plan: ChunkPlan) -> dict[int, AnyPath]:
    """The partition files that are there, by chunk index, ascending.

    Raises
    ------
    StoreError
        If a file has no place in the run.
    """
    return {chunk_of(results, path, plan).index: path for path in partition_files(results)}


def columns_of(path: AnyPath) -> tuple[str, ...]:
    """The result columns that a file holds, in the order of `RESULT_COLUMNS`.

    Raises
    ------
    StoreError
        If it cannot be read.
    """
    with read_errors(path), open_partition(path) as file:
        there = set(file.schema_arrow.names)
    return tuple(name for name in RESULT_COLUMNS if name in there)


def data_set(
    run_dir: AnyPath, files: Mapping[int, AnyPath], plan: ChunkPlan, columns: Sequence[str]
) -> ds.FileSystemDataset:
    """The files of some chunks as one data set, `Run.dataset`; none is read yet."""
    format_, schema = ds.ParquetFileFormat(), result_schema()
    disk = arrow_filesystem(run_dir)
    fragments = [
        format_.make_fragment(arrow_path(path), disk, _promise(plan, index, columns))
        for index, path in files.items()
    ]
    return ds.FileSystemDataset(
        fragments, pa.schema([schema.field(name) for name in columns]), format_, disk
    )


def _promise(plan: ChunkPlan, index: int, columns: Sequence[str]) -> pc.Expression:
    """What holds for every row of a chunk."""
    chunk = plan.chunk(index)
    session = plan.grid.sessions[chunk.session_index]
    ids = pc.field("combo_id")
    promise = (ids >= chunk.first_id) & (ids < chunk.first_id + chunk.n_rows)
    own = {
        "ib_start": session.ib_start,
        "ib_end": session.ib_end,
        "ib_timezone": session.ib_timezone,
        "ib_wait_minutes": pa.scalar(plan.grid.ib_wait_minutes[chunk.wait_index], pa.int32()),
    }
    for name, value in own.items():
        if name in columns:
            promise &= pc.field(name) == pc.scalar(value)
    return promise


@contextmanager
def read_errors(location: AnyPath) -> Iterator[None]:
    """Say in a StoreError what Arrow or the disk says of a file that it cannot read."""
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        raise StoreError(
            f"a result file cannot be read ({first_line(error)})",
            location=str(location),
            hint="give the command of the run again: it computes damaged files anew",
        ) from error
