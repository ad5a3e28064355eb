"""A run from its beginning to its end: its directory, its manifest, its attempts."""

from __future__ import annotations

import contextlib
import dataclasses
from dataclasses import dataclass

from rich.console import Console

from ib_grid.errors import StoreError
from ib_grid.grid.chunks import plan_chunks
from ib_grid.runs import inventory
from ib_grid.runs.chunk_summary import Summary
from ib_grid.runs.fingerprint import RESULTS_VERSION, check_same_run, fingerprint
from ib_grid.runs.manifest import (
    RUN_FILE,
    Manifest,
    read_manifest,
    versions,
    write_manifest,
)
from ib_grid.storage.lock import sole_writer
from ib_grid.storage.paths import AnyPath
from ib_grid.storage.timestamps import utc_now
from pipelines.cluster.local_cluster import Workers
from pipelines.cluster.security import security_of
from pipelines.config.settings import Settings
from pipelines.inputs.inputs import RunInputs
from pipelines.run import chunk_bag, run_directory
from pipelines.run.attempt import RunContext, compute_missing, planned_workers, say


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """A run that is complete.

    Attributes
    ----------
    folder : AnyPath
        Its directory.
    manifest : Manifest
    summary : Summary
        Of the whole grid.
    computed : int
        Combinations that were computed now; the others were there.
    workers : Workers, optional
        Those that have computed, where they were to stay.
    """

    folder: AnyPath
    manifest: Manifest
    summary: Summary
    computed: int
    workers: Workers | None


def run(
    settings: Settings,
    inputs: RunInputs,
    console: Console,
    stay: contextlib.ExitStack | None = None,
) -> RunResult:
    """Compute what is missing of a run, in a new directory or in one that was begun before.

    Parameters
    ----------
    settings : Settings
    inputs : RunInputs
    console : Console
        Gets notes and progress.
    stay : ExitStack, optional
        Where given, the workers stay until it is closed, if all is computed.

    Raises
    ------
    ChunkError
        If chunks could not be computed; the others are done.
    StoreError, ClusterError
        If files cannot be written or read, or the workers are lost.
    InputError
        If the run directory cannot be used.
    """
    security = security_of(settings)
    place = run_directory.choose_place(
        settings.output.absolute(),
        settings.run_dir,
        inputs.identity,
        len(inputs.grid),
        resume=settings.resume,
    )
    with sole_writer(place.folder, say=lambda text: say(console, text)):
        # Another process may have begun the run before this one got the lock.
        begun = (place.folder / RUN_FILE).is_file()
        if begun:
            manifest = read_manifest(place.folder)
            check_same_run(inputs.identity, manifest.identity, place.folder)
        else:
            manifest = new_manifest(settings, inputs)
            write_manifest(place.folder, manifest)
        context = RunContext(
            settings=settings,
            inputs=inputs,
            console=console,
            folder=place.folder,
            plan=manifest.plan(),
            fingerprint=manifest.fingerprint,
            security=security,
            stay=stay,
        )
        described = settings.instrument_file
        own = (f"{settings.symbol} is as {described} describes it",) if described else ()
        for note in (*own, *inputs.notes, *place.notes, *inputs.row_filter.notes()):
            context.say(f"note: {note}")
        return _complete(context, manifest, begun=begun)


def new_manifest(settings: Settings, inputs: RunInputs) -> Manifest:
    """The manifest of a run that is about to begin: its grid cut into chunks, nothing done yet."""
    rows = settings.chunk_size or chunk_bag.rows_per_chunk(inputs.grid, planned_workers(settings))
    plan = plan_chunks(inputs.grid, rows)
    return Manifest(
        symbol=inputs.symbol,
        instrument=inputs.instrument.to_dict(),
        grid=inputs.grid.to_dict(),
        execution=inputs.context.execution.to_dict(),
        news=inputs.context.news.to_dict(),
        news_statement=inputs.news_statement,
        data=inputs.data,
        ranking=dataclasses.asdict(settings.ranking),
        keep=inputs.row_filter.to_dict(),
        results_version=RESULTS_VERSION,
        combinations=len(inputs.grid),
        chunks=len(plan),
        settings_per_chunk=plan.settings_per_chunk,
        versions=versions(),
        fingerprint=fingerprint(inputs.identity),
        state="running",
        created_utc=utc_now(),
        attempts=(),
    )


def _complete(context: RunContext, manifest: Manifest, *, begun: bool) -> RunResult:
    """Compute what is not there, until all of it is."""
    inventory.remove_temporary_files(context.dataset)
    stored = context.stored(read_all=True)
    missing = [index for index in range(len(context.plan)) if index not in stored.records]
    _say_what_is_there(context, len(missing), begun)
    workers = None
    if missing or context.unfiltered(stored):
        manifest, workers = compute_missing(context, manifest, missing, context.summary_of(stored))
        stored = context.stored(read_all=False)
    elif manifest.state != "finished":
        manifest = dataclasses.replace(manifest, state="finished")
        write_manifest(context.folder, manifest)
    absent = len(context.plan) - len(stored.records)
    if absent:
        raise StoreError(
            f"{absent} partitions are missing",
            location=str(context.dataset),
            expected="a folder that all workers write to",
            hint="let workers on other machines share this folder, or run on this machine",
        )
    total = context.summary_of(stored)
    computed = sum(context.plan.chunk(index).n_rows for index in missing)
    if not context.inputs.row_filter.every_row:
        kept = sum(record.n_rows for record in stored.records.values())
        context.say(f"kept: {kept:,} of {total.combinations:,} rows")
    return RunResult(
        folder=context.folder, manifest=manifest, summary=total, computed=computed, workers=workers
    )


def _say_what_is_there(context: RunContext, missing: int, begun: bool) -> None:
    chunks = len(context.plan)
    if not begun:
        context.say(f"run: {context.folder}")
    elif not missing:
        context.say(f"run: {context.folder} is complete, nothing is computed again")
    else:
        context.say(
            f"run: {context.folder} goes on, {chunks - missing} of {chunks} chunks are done"
        )
    size = context.settings.chunk_size
    if begun and size and plan_chunks(context.plan.grid, size) != context.plan:
        context.say(f"note: its chunks stay as they were cut; --chunk-size {size} is for a new run")
