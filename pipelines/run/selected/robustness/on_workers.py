"""Chunks of the robustness tests on workers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from ib_grid.engine.context import BacktestContext
from ib_grid.grid.chunks import ChunkPlan
from ib_grid.robustness.plan import TestPlan
from ib_grid.robustness.rounds import EachChunk, Mergeable, Work, chunks_for, run_on_chunk
from pipelines.cluster.executors import Executor, Pending

Shared = tuple[BacktestContext, ChunkPlan, TestPlan]


def each_chunk_on(
    executor: Executor,
    context: BacktestContext,
    plan: TestPlan,
    n_processes: int,
    advance: Callable[[], None],
) -> EachChunk:
    """Return how to work on all chunks with an executor.

    `advance` is called for each chunk that is done.
    """
    chunks = chunks_for(plan.grid, n_processes)
    shared = executor.share((context, chunks, plan))

    def each_chunk(work: Work[Any]) -> Iterator[Any]:
        shared_work = executor.share(work)
        waiting = deque[Pending[Any]]()
        for index in range(len(chunks)):
            waiting.append(executor.submit(_run, shared, shared_work, index))
            if len(waiting) >= executor.n_batches:
                yield waiting.popleft().result()
                advance()
        while waiting:
            yield waiting.popleft().result()
            advance()

    return each_chunk


def _run(shared: Shared, work: Work[Any], index: int) -> Mergeable:
    context, chunks, plan = shared
    result: Mergeable = run_on_chunk(context, chunks, plan, work, index)
    return result
