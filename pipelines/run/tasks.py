"""The task of a worker: compute one chunk, write its partition, and return a summary."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ib_grid.engine.context import BacktestContext
from ib_grid.engine.fast import engine
from ib_grid.engine.fast.compiled import compilations
from ib_grid.errors import ChunkError, IbGridError, StoreError, UnreachableError
from ib_grid.grid.chunks import Chunk, ChunkPlan
from ib_grid.grid.columns import METRIC_COLUMNS
from ib_grid.grid.filters.row_filter import NO_FILTER, RowFilter
from ib_grid.runs import partition_file
from ib_grid.runs.chunk_summary import Summary, summarise
from ib_grid.runs.partition_file import Record
from ib_grid.runs.partition_layout import partition_path
from ib_grid.storage.paths import AnyPath
from pipelines.cluster.compatibility import check_this_worker

# Waits between tries of a chunk, besides the few seconds of retries by the client of a store.
AWAY_SECONDS = (2.0, 10.0, 30.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChunkWork:
    """Shared input of the tasks of all chunks, scattered to the workers once.

    Attributes
    ----------
    min_trades : int
        Minimum number of trades of a combination that can be the best so far.
    versions : tuple of pairs, optional
        `compatibility.own_versions` of the process that started the run, which workers must match;
        None to skip the check.
    """

    context: BacktestContext
    plan: ChunkPlan
    dataset: AnyPath
    fingerprint: str
    min_trades: int
    row_filter: RowFilter = NO_FILTER
    versions: tuple[tuple[str, str | None], ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkDone:
    """A chunk that has been computed and written.

    Attributes
    ----------
    summary : Summary
        Of all computed rows.
    process : int
        Process id of the worker.
    compilations : int
        Kernels that this process has compiled since it started; one loaded from the cache on
        disk does not count.
    """

    chunk: int
    summary: Summary
    rows_kept: int
    compute_seconds: float
    write_seconds: float
    process: int
    compilations: int


def run_chunks(indices: Sequence[int], work: ChunkWork) -> list[ChunkDone]:
    """Compute and write the chunks of a bag's partition."""
    return [run_chunk(index, work) for index in indices]


def run_chunk(index: int, work: ChunkWork) -> ChunkDone:
    """Compute a chunk and write its partition file.

    An existing valid file counts: its worker died before returning the summary. If the store does
    not answer, the chunk is tried again for a minute or two.
    """
    for seconds in AWAY_SECONDS:
        try:
            return _run_chunk(index, work)
        except UnreachableError:
            time.sleep(seconds)
    return _run_chunk(index, work)


def _run_chunk(index: int, work: ChunkWork) -> ChunkDone:
    if work.versions is not None:
        check_this_worker(work.versions, work.dataset.parent, work.fingerprint)
    chunk = work.plan.chunk(index)
    path = partition_path(work.dataset, work.plan.grid, chunk)
    started = computed = time.perf_counter()
    record = _written(path, chunk, work.fingerprint)
    if record is None:
        metrics = compute(chunk, work)
        computed = time.perf_counter()
        summary = summarise(chunk, metrics, work.min_trades)
        kept = work.row_filter.apply(partition_file.results_table(work.plan.grid, chunk, metrics))
        record = partition_file.write(path, kept, chunk, work.fingerprint, summary)
    return ChunkDone(
        chunk=index,
        summary=record.summary,
        rows_kept=record.n_rows,
        compute_seconds=computed - started,
        write_seconds=time.perf_counter() - computed,
        process=os.getpid(),
        compilations=compilations(),
    )


def _written(path: AnyPath, chunk: Chunk, fingerprint: str) -> Record | None:
    try:
        return partition_file.verify(path, chunk, fingerprint)
    except UnreachableError:
        raise
    except StoreError:
        return None


def compute(chunk: Chunk, work: ChunkWork) -> NDArray[np.float32]:
    """Return the metrics of a chunk, rows `METRIC_COLUMNS`, shape (n_metrics, n_rows)."""
    try:
        metrics = engine.evaluate(work.context, work.plan.grid, chunk)
    except Exception as error:
        found = error.message if isinstance(error, IbGridError) else f"{error!r}"
        raise chunk_error(chunk, found) from error
    if metrics.dtype != np.float32 or metrics.shape != (len(METRIC_COLUMNS), chunk.n_rows):
        raise chunk_error(chunk, f"the engine returned {metrics.dtype} of shape {metrics.shape}")
    wrong = np.argwhere(~np.isfinite(metrics))
    if len(wrong):
        column, row = wrong[0]
        value = f"{METRIC_COLUMNS[column]} of combination {chunk.first_id + row}"
        raise chunk_error(chunk, f"{value} is {metrics[column, row]}")
    return metrics


def chunk_error(chunk: Chunk, found: str, *, how: str = "") -> ChunkError:
    """Return the error of a chunk, with its combinations and how to resume."""
    last_id = chunk.first_id + chunk.n_rows - 1
    return ChunkError(
        found,
        location=f"chunk {chunk.index}, combinations {chunk.first_id} to {last_id}",
        hint=f"run the same command again to resume{how}; if the chunk fails again, look at one of"
        " these combinations with `ib-grid trades --engine reference`",
    )
