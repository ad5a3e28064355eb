"""Description of a run before it starts: bars, levels, news, grid and expected time."""

from __future__ import annotations

import dataclasses
import random
import time
from collections.abc import Iterator

import numpy as np
from dask.system import CPU_COUNT

from ib_grid.analysis.axis_values import factors, value_text
from ib_grid.engine.fast import engine
from ib_grid.errors import InputError
from ib_grid.grid.chunks import ChunkPlan, plan_chunks
from ib_grid.market.bars import read_origin
from ib_grid.market.csv.quality import clock_in
from pipelines.cluster.clusters import choose_cluster
from pipelines.config.settings import Settings
from pipelines.inputs.inputs import RunInputs, read_inputs
from pipelines.render.numbers import plural
from pipelines.render.progress import duration
from pipelines.render.provenance import fills_text
from pipelines.run import chunk_bag

_CHUNKS_TIMED = 2
_LABELS = {
    "open": "times in the source are opening minutes (--bar-labels open)",
    "close": "times in the source are ends of bars (--bar-labels close)",
}


def describe(settings: Settings) -> Iterator[str]:
    """Yield lines about the bars, the levels, the grid and the time a run will take."""
    news, inputs = _news_and_inputs(settings)
    data, grid, execution = inputs.data, inputs.grid, inputs.context.execution
    file = settings.instrument_file
    yield f"symbol:  {settings.symbol}, {f'described in {file}' if file else 'built in'}"
    yield f"bars:    {data['file']}"
    yield f"         {data['bars']:,} one-minute bars, {data['first']} to {data['last']}"
    yield from (f"         {line}" for line in _sources(settings))
    for session, levels in inputs.context.market.levels.items():
        flat = int(np.count_nonzero(levels.ib_high <= levels.ib_low))
        yield f"levels:  {session} {session.ib_timezone}: {plural(len(levels.date), 'date')}" + (
            f", {flat} without a range" if flat else ""
        )
    for note in (*inputs.dates.notes(), *inputs.notes):
        yield f"         {note}"
    yield f"news:    {news[0]}"
    yield from (f"         {line}" for line in news[1:])
    yield f"fills:   {fills_text(execution)}"
    axes = " x ".join(str(n) for n in grid.shape)
    yield f"grid:    {settings.grid}, {plural(len(grid), 'combination')} ({axes})"
    for factor in factors(grid):
        unit = f" {factor.unit}" if factor.unit else ""
        values = ", ".join(map(value_text, factor.values)).replace("–", "-")  # as in a grid file
        yield f"         {factor.name}{unit}: {values}"
    yield (
        f"         in {plural(len(grid.trailing), 'pair')} of tsl_target and tsl_sl, and"
        f" {len(grid.rebound)} of rev_rb_enabled and rev_rb_pct"
    )
    workers = choose_cluster(settings).planned_workers
    rows = settings.chunk_size or chunk_bag.rows_per_chunk(grid, workers)
    plan = plan_chunks(grid, rows)
    yield f"run:     {plural(len(plan), 'chunk')} on {plural(workers, 'worker')}"
    yield f"         about {_estimate(inputs, plan, workers)}"


def _sources(settings: Settings) -> Iterator[str]:
    """Yield the clocks and the bar labels of the files that the bars came from, if recorded."""
    quality = read_origin(settings.bars_file).quality or {}
    sources = [*quality.get("sources", ()), *quality.get("earlier_sources", ())]
    clocks = dict.fromkeys(clock_in(source.get("decisions", ())) for source in sources)
    if named := ", ".join(filter(None, clocks)):
        yield f"clock of the source: {named}"
    labels = dict.fromkeys(source.get("labels") for source in sources)
    if said := ", ".join(_LABELS[label] for label in labels if label in _LABELS):
        yield said


def _news_and_inputs(settings: Settings) -> tuple[list[str], RunInputs]:
    """Return the lines about news, and the inputs; if the news are invalid, those without news.

    Invalid calendars are no reason to hide everything else.
    """
    try:
        inputs = read_inputs(settings)
    except InputError as error:
        without = dataclasses.replace(settings, news_filter=False, news=())
        inputs = read_inputs(without)  # fails again if something else is wrong
        return ["a run would fail: " + str(error).replace("\n", "\n         ")], inputs
    return inputs.news_statement.lines, inputs


def _estimate(inputs: RunInputs, plan: ChunkPlan, workers: int) -> str:
    """Return the expected time of a run, measured on a few chunks."""
    engine.warm_up(inputs.context.market, inputs.grid)
    sample = random.Random(chunk_bag.SEED).sample(range(len(plan)), min(_CHUNKS_TIMED, len(plan)))  # noqa: S311
    chunks = [plan.chunk(index) for index in sample]
    started = time.perf_counter()
    for chunk in chunks:
        engine.evaluate(inputs.context, inputs.grid, chunk)
    seconds = time.perf_counter() - started
    rows = sum(chunk.n_rows for chunk in chunks)
    total = seconds / rows * len(plan.grid) / min(workers, len(plan), CPU_COUNT)
    return (
        f"{duration(total)} of computing on this machine (estimated from"
        f" {plural(len(chunks), 'chunk')}), plus starting workers, writing and the report"
    )
