"""A run from start to end: its directory, its manifest and its attempts."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from ib_grid.engine.results_version import RESULTS_VERSION
from ib_grid.errors import StoreError
from ib_grid.grid.chunks import ChunkPlan, plan_chunks
from ib_grid.runs import inventory
from ib_grid.runs.chunk_summary import Summary
from ib_grid.runs.fingerprint import as_new, check_same_run, fingerprint
from ib_grid.runs.inventory import Stored
from ib_grid.runs.manifest import (
    Manifest,
    has_manifest,
    read_manifest,
    versions,
    write_manifest,
)
from ib_grid.storage.lock import sole_writer
from ib_grid.storage.paths import AnyPath
from ib_grid.storage.timestamps import utc_now
from pipelines.cluster.clusters import Workers, choose_cluster
from pipelines.cluster.interrupts import tell_when_stopped
from pipelines.config.settings import Settings
from pipelines.inputs.inputs import RunInputs
from pipelines.run import run_directory
from pipelines.run.attempt import compute_missing
from pipelines.run.chunk_bag import rows_per_chunk
from pipelines.run.context import ALL_DONE, RunContext, say

# More chunks of fewer rows than these take their time for tasks and files.
_MANY_CHUNKS, _FEW_ROWS = 1000, 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """A completed run.

    `summary` is that of the whole grid; `computed` counts the combinations of this call, the others
    were stored; `workers` are those kept open.
    """

    folder: AnyPath
    summary: Summary
    computed: int
    workers: Workers | None


def run(
    settings: Settings,
    inputs: RunInputs,
    console: Console,
    keep_open: contextlib.ExitStack | None = None,
) -> RunResult:
    """Compute the missing chunks of a new run, or of one to resume.

    Notes and progress go to the console. With `keep_open`, the workers of a successful run stay
    until that stack is closed.
    """
    cluster = choose_cluster(settings)
    chosen = run_directory.choose_directory(
        settings.output.absolute(),
        settings.run_dir,
        inputs.identity,
        len(inputs.grid),
        resume=settings.resume,
    )
    with sole_writer(chosen.folder, say=lambda text: say(console, text)):
        # Another process may have started the run before this one got the lock.
        begun = has_manifest(chosen.folder)
        notes: tuple[str, ...] = ()
        if begun:
            manifest = _begun_manifest(chosen.folder, inputs)
        else:
            plan = run_directory.adopted_plan(chosen.folder, inputs.identity)
            notes = ("run.json was missing or torn; its partitions were adopted",) if plan else ()
            rows = settings.chunk_size or rows_per_chunk(inputs.grid, cluster.planned_workers)
            plan = plan or plan_chunks(inputs.grid, rows)
            notes += _size_notes(plan)
            manifest = new_manifest(settings, inputs, plan)
            write_manifest(chosen.folder, manifest)
        context = RunContext(
            settings=settings,
            inputs=inputs,
            console=console,
            folder=chosen.folder,
            plan=manifest.plan(),
            fingerprint=manifest.fingerprint,
            cluster=cluster,
            keep_open=keep_open,
        )
        described = settings.instrument_file
        own = (f"{settings.symbol} is described in {described}",) if described else ()
        filters = (*inputs.dates.notes(), *inputs.row_filter.notes())
        for note in (*own, *inputs.notes, *chosen.notes, *notes, *filters):
            context.say(f"note: {note}")
        return _complete(context, manifest, begun=begun)


def _begun_manifest(folder: AnyPath, inputs: RunInputs) -> Manifest:
    """Return the manifest of a run to resume, which follows bars that were moved or rewritten."""
    manifest = read_manifest(folder)
    check_same_run(inputs.identity, manifest.identity, folder)
    if manifest.data != inputs.data:
        manifest = dataclasses.replace(manifest, data=inputs.data)
        write_manifest(folder, manifest)
    return manifest


def _size_notes(plan: ChunkPlan) -> tuple[str, ...]:
    rows = len(plan.grid) // len(plan)
    # Chunks end with a session or wait, however large they may be.
    if len(plan) <= _MANY_CHUNKS or rows >= min(_FEW_ROWS, plan.grid.rows_per_block):
        return ()
    return (
        f"{len(plan):,} chunks of about {rows:,} combinations: each chunk is a task and a file,"
        " which cost more time than its combinations; choose a larger --chunk-size",
    )


def new_manifest(settings: Settings, inputs: RunInputs, plan: ChunkPlan) -> Manifest:
    """Return the manifest of a new run with these chunks."""
    return Manifest(
        symbol=inputs.symbol,
        instrument=inputs.instrument.to_dict(),
        grid=inputs.grid.to_dict(),
        execution=inputs.context.execution.to_dict(),
        news=inputs.news,
        news_statement=inputs.news_statement,
        data=inputs.data,
        ranking=dataclasses.asdict(settings.ranking),
        keep=inputs.row_filter.to_dict(),
        dates=inputs.dates.to_dict(),
        clock=inputs.clock,
        results_version=RESULTS_VERSION,
        combinations=len(inputs.grid),
        chunks=len(plan),
        settings_per_chunk=plan.settings_per_chunk,
        versions=versions(),
        fingerprint=fingerprint(as_new(inputs.identity)),
        state="running",
        created_utc=utc_now(),
        attempts=(),
    )


def _complete(context: RunContext, manifest: Manifest, *, begun: bool) -> RunResult:
    """Compute the missing chunks, and return the completed run."""
    inventory.remove_temporary_files(context.dataset)
    stored = context.stored(read_all=True)
    missing = [index for index in range(len(context.plan)) if index not in stored.records]
    _say_progress(context, len(missing), begun)
    if not missing and not context.unfiltered(stored):
        with tell_when_stopped(ALL_DONE):
            if manifest.state != "finished":
                write_manifest(context.folder, dataclasses.replace(manifest, state="finished"))
            return _result(context, stored, missing, None)
    workers = compute_missing(context, manifest, missing, context.summary_of(stored))
    with tell_when_stopped(ALL_DONE):
        inventory.remove_temporary_files(context.dataset)  # of workers that were killed
        return _result(context, context.stored(read_all=False), missing, workers)


def _result(
    context: RunContext, stored: Stored, missing: Sequence[int], workers: Workers | None
) -> RunResult:
    """Check that no chunk is missing, and return the completed run."""
    absent = len(context.plan) - len(stored.records)
    if absent:
        raise StoreError(
            f"{absent} partitions are missing",
            location=str(context.dataset),
            expected="a directory that all workers can write to",
            hint="share this directory with the machines of the workers, or run on this machine"
            if isinstance(context.dataset, Path)
            else "let nothing else remove objects there, then run the same command again",
        )
    total = context.summary_of(stored)
    computed = sum(context.plan.chunk(index).n_rows for index in missing)
    if not context.inputs.row_filter.every_row:
        kept = sum(record.n_rows for record in stored.records.values())
        context.say(f"stored: {kept:,} of {total.combinations:,} rows")
    return RunResult(folder=context.folder, summary=total, computed=computed, workers=workers)


def _say_progress(context: RunContext, missing: int, begun: bool) -> None:
    chunks = len(context.plan)
    if not begun:
        context.say(f"run: {context.folder}")
    elif not missing:
        context.say(f"run: {context.folder} is already complete")
    else:
        context.say(
            f"run: {context.folder} resumes, {chunks - missing} of {chunks} chunks are done"
        )
    size = context.settings.chunk_size
    if begun and size and plan_chunks(context.plan.grid, size) != context.plan:
        context.say(f"note: --chunk-size {size} is ignored; a resumed run keeps its chunks")
