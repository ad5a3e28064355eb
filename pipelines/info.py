"""What there is to run on, and what a run will take: looked at and measured, nothing written."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ib_grid import engine
from ib_grid.grid import ChunkPlan, plan_chunks
from pipelines import optimize, run, tasks
from pipelines.config import Settings
from pipelines.inputs import Inputs, read_inputs
from pipelines.progress import duration
from pipelines.tasks import Work

_CHUNKS_TIMED = 2


def describe(settings: Settings) -> Iterator[str]:
    """Lines on the bars, the levels, the grid and the time a run will take.

    Raises
    ------
    InputError
        If what a run needs is missing or wrong.
    """
    inputs = read_inputs(settings)
    data, grid, execution = inputs.data, inputs.grid, inputs.execution
    yield f"bars:    {data['file']}"
    yield f"         {data['bars']:,} one-minute bars, {data['first']} to {data['last']}"
    for session, levels in inputs.market.levels.items():
        flat = int(np.count_nonzero(levels.ib_high <= levels.ib_low))
        yield f"levels:  {session} {session.ib_timezone}: {len(levels.date)} dates" + (
            f", {flat} without a range" if flat else ""
        )
    yield f"fills:   {execution.model}, spread {execution.spread_points:g} points"
    axes = " x ".join(str(n) for n in grid.shape)
    yield f"grid:    {settings.grid}, {len(grid):,} combinations ({axes})"
    workers = run.planned_workers(settings)
    rows = settings.chunk_size or optimize.rows_per_chunk(grid, workers)
    plan = plan_chunks(grid, rows)
    yield f"run:     {len(plan)} chunks on {workers} workers"
    yield f"         about {_estimate(inputs, plan, workers)}"


def _estimate(inputs: Inputs, plan: ChunkPlan, workers: int) -> str:
    """The time a run will take, from that of a few chunks of it on this data."""
    engine.warm_up(inputs.market, inputs.grid)
    work = Work(
        market=inputs.market,
        plan=plan,
        execution=inputs.execution,
        news=inputs.news,
        dataset=Path(),
        fingerprint="",
        min_trades=0,
    )
    sample = random.Random(optimize.SEED).sample(range(len(plan)), min(_CHUNKS_TIMED, len(plan)))  # noqa: S311
    chunks = [plan.chunk(index) for index in sample]
    started = time.perf_counter()
    for chunk in chunks:
        tasks.compute(chunk, work)
    seconds = time.perf_counter() - started
    rows = sum(chunk.n_rows for chunk in chunks)
    total = seconds / rows * len(plan.grid) / min(workers, len(plan))
    return (
        f"{duration(total)} of computing, judged by {len(chunks)} of its chunks on this data,"
        " and the start of the workers"
    )
