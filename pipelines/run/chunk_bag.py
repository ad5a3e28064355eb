"""Missing chunks as a Dask bag, computed by workers and written to partitions."""

from __future__ import annotations

import math
import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import uuid4

import dask.bag
from distributed import Client, Future, KilledWorker, as_completed

from ib_grid.errors import ChunkError, ClusterError, IbGridError, StoreError, first_line
from ib_grid.grid.chunks import Chunk
from ib_grid.grid.grid import Grid
from ib_grid.runs import chunk_summary
from ib_grid.runs.chunk_summary import Summary
from pipelines.cluster import clusters
from pipelines.cluster.clusters import Workers
from pipelines.cluster.sharing import share
from pipelines.render.progress import Progress
from pipelines.run import tasks
from pipelines.run.tasks import ChunkDone, ChunkWork
from pipelines.run.watch import Watch, lost

SEED = 42
MIN_CHUNKS = 60
MAX_CHUNKS = 500
CHUNKS_PER_WORKER = 4
MAX_CHUNK_ROWS = 250_000
# Limit of tasks that the client and the scheduler hold at a time: 10,000 took 200 MB.
MAX_TASKS = 2000

_POLL_SECONDS = 0.02  # a finished chunk is noticed after so much time
_SHOW_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The chunks that workers have finished, and those that failed."""

    done: tuple[ChunkDone, ...]
    failed: tuple[ChunkError, ...]


def rows_per_chunk(grid: Grid, workers: int) -> int:
    """Return the combinations per chunk: enough chunks for the workers, none too large."""
    blocks = grid.shape[0] * grid.shape[1]
    wanted = max(MIN_CHUNKS, CHUNKS_PER_WORKER * workers)
    per_block = max(1, min(math.ceil(wanted / blocks), MAX_CHUNKS // blocks))
    return min(MAX_CHUNK_ROWS, math.ceil(grid.rows_per_block / per_block))


def compute(
    work: ChunkWork, chunks: Sequence[int], workers: Workers, progress: Progress, before: Summary
) -> Outcome:
    """Compute chunks on workers, which write them to partitions.

    `before` is the summary of the stored chunks.
    """
    waiting = random.Random(SEED).sample(chunks, len(chunks))  # noqa: S311
    done: list[ChunkDone] = []
    failed: list[ChunkError] = []
    total, deaths, settled = before, Counter[int](), set[int]()
    while waiting:
        dropped, unsent, blamed = set[int](), set[int](), Counter[int]()
        for index, result in _results(work, waiting, workers, progress):
            if index in settled:  # told a second time
                continue
            if isinstance(result, KilledWorker):
                dropped.add(index)
                blamed[index] = result.allowed_failures + 1
            elif isinstance(result, TimeoutError):
                unsent.add(index)
            elif result is None:
                dropped.add(index)
            elif isinstance(result, ChunkError):
                settled.add(index)
                failed.append(result)
            else:
                settled.add(index)
                done.append(result)
                total = chunk_summary.merge((total, result.summary), work.min_trades)
                progress.chunk(result.summary.combinations, total.best)
        waiting = [index for index in waiting if index in (dropped | unsent) - settled]
        # An existing scheduler retries a chunk itself, and may lose the scattered data before it
        # blames a chunk. Chunks start in this order, so one of the first is to blame.
        deaths.update(blamed or [k for k in waiting if k in dropped][: workers.count])
        deaths.update(unsent - settled)
        failed += [_died(work.plan.chunk(k)) for k in waiting if deaths[k] >= clusters.TRIES]
        waiting = [index for index in waiting if deaths[index] < clusters.TRIES]
    return Outcome(done=tuple(done), failed=tuple(failed))


def _results(
    work: ChunkWork, chunks: Sequence[int], workers: Workers, progress: Progress
) -> Iterator[tuple[int, ChunkDone | ChunkError | KilledWorker | TimeoutError | None]]:
    """Yield the result of each chunk; None or TimeoutError as `_result` does."""
    client, watch = workers.client, Watch(workers, progress)
    try:
        shared = share(client, work)
        for first in range(0, len(chunks), MAX_TASKS):
            some = chunks[first : first + MAX_TASKS]
            futures = _submit(client, shared, some)
            index_of = {future.key: index for future, index in zip(futures, some, strict=True)}
            for batch in _arrivals(futures, index_of, workers, progress, watch):
                sent = workers.results(f for f in batch if f.status == "finished")
                for future in batch:
                    index = index_of[future.key]
                    result = _result(future, sent.get(future.key), index, work)
                    if isinstance(result, ChunkDone):
                        watch.chunk_done(result.compute_seconds + result.write_seconds)
                    yield index, result
                    future.release()
    except (OSError, TimeoutError) as error:
        raise lost(
            f"the connection to the scheduler or its workers was lost ({first_line(error)})"
        ) from error


def _submit(client: Client, shared: Future, chunks: Sequence[int]) -> list[Future]:
    """Give chunks to the workers as a bag; return a future of each.

    A chunk is one task. A bag of a sequence would have another task for the number of each chunk,
    and a worker that froze with such a number would hold up the others.
    """
    name = f"run_chunk-{uuid4().hex}"
    graph = {(name, i): (tasks.run_chunks, [index], shared) for i, index in enumerate(chunks)}
    return list(client.compute(dask.bag.Bag(graph, name, len(chunks)).to_delayed()))


def _arrivals(
    futures: Sequence[Future],
    index_of: Mapping[object, int],
    workers: Workers,
    progress: Progress,
    watch: Watch,
) -> Iterator[Sequence[Future]]:
    """Yield batches of futures as they finish; meanwhile show progress and watch the workers."""
    waiting = as_completed(futures, loop=workers.client.loop, raise_errors=False)
    shown = 0.0
    while not waiting.is_empty():
        batch = waiting.next_batch(block=False)
        if batch:
            yield batch
        watch.look(index_of)
        now = time.monotonic()
        if now - shown >= _SHOW_SECONDS:
            progress.show()
            shown = now
        if not batch:
            time.sleep(_POLL_SECONDS)


def _result(
    future: Future, sent: object, index: int, work: ChunkWork
) -> ChunkDone | ChunkError | KilledWorker | TimeoutError | None:
    """Return the result of a chunk; None if its worker died, TimeoutError if it sent no result."""
    if isinstance(sent, list):  # a partition of the bag
        (done,) = sent
        return done
    if future.status == "finished":
        return TimeoutError()
    if future.status != "error":
        return None
    error = future.exception()
    if isinstance(error, (StoreError, ClusterError)):
        raise error
    if isinstance(error, (ChunkError, KilledWorker)):
        return error
    return tasks.chunk_error(work.plan.chunk(index), f"{error!r}")


def _died(chunk: Chunk) -> ChunkError:
    message = f"{clusters.TRIES} workers died while computing this chunk"
    return tasks.chunk_error(chunk, message, how=", with fewer --workers if memory ran out")


def failure(failed: Sequence[ChunkError]) -> IbGridError:
    """Return one error for all failed chunks: the first, and the number of the others."""
    first = failed[0]
    more = len(failed) - 1
    rest = f"; {more} more failed, see run.json" if more else ""
    return ChunkError(
        first.message + rest, location=first.location, expected=first.expected, hint=first.hint
    )
