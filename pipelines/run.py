"""A run from its beginning to its end: its directory, its manifest, its attempts."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from distributed import Security
from rich.console import Console

from ib_grid import engine
from ib_grid import grid as grids
from ib_grid.compiled import compilations
from ib_grid.errors import OutputError, StoreError, UnreachableError
from ib_grid.grid import ChunkPlan, plan_chunks
from ib_grid.keep import Cut
from ib_grid.manifest import (
    RESULTS_VERSION,
    RUN_FILE,
    Manifest,
    State,
    check_same_run,
    read_manifest,
    utc_now,
    versions,
    write_manifest,
)
from ib_grid.partitions import partition_files, results_folder
from ib_grid.storage import Place
from pipelines import cluster, optimize, rundir, store, summary
from pipelines.config import Settings
from pipelines.cut import cut_partitions, find_cut
from pipelines.existing_cluster import check_cluster
from pipelines.inputs import Inputs
from pipelines.lock import sole_writer
from pipelines.optimize import Outcome
from pipelines.progress import Progress
from pipelines.security import security_of, warnings_of
from pipelines.store import Stored
from pipelines.summary import Summary
from pipelines.tasks import Work
from pipelines.versions import own_versions


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """A run that is complete.

    Attributes
    ----------
    folder : Place
        Its directory.
    manifest : Manifest
    summary : Summary
        Of the whole grid.
    computed : int
        Combinations that were computed now; the others were there.
    """

    folder: Place
    manifest: Manifest
    summary: Summary
    computed: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Job:
    """A run that this process works on."""

    settings: Settings
    inputs: Inputs
    console: Console
    folder: Place
    plan: ChunkPlan
    fingerprint: str
    security: Security | None

    @property
    def dataset(self) -> Place:
        return results_folder(self.folder, self.inputs.symbol)

    @property
    def min_trades(self) -> int:
        return self.settings.ranking.min_trades

    def say(self, text: str) -> None:
        _say(self.console, text)

    def stored(self, *, read_all: bool) -> Stored:
        stored = store.take_stock(self.dataset, self.plan, self.fingerprint, read_all=read_all)
        for damaged in stored.damaged:
            self.say(f"note: {damaged}")
        return stored

    def uncut(self, stored: Stored) -> list[int]:
        """Chunks whose files still hold rows that are not among the best to be kept."""
        if self.inputs.keep.top is None:
            return []
        return [index for index, record in sorted(stored.records.items()) if not record.is_cut]

    def summary_of(self, stored: Stored) -> Summary:
        parts = (stored.records[index].summary for index in sorted(stored.records))
        return summary.merge(parts, self.min_trades)


def _say(console: Console, text: str) -> None:
    console.print(text, soft_wrap=True, highlight=False, markup=False)


def run(settings: Settings, inputs: Inputs, console: Console) -> RunResult:
    """Compute what is missing of a run, in a new directory or in one that was begun before.

    Parameters
    ----------
    settings : Settings
    inputs : Inputs
    console : Console
        Gets notes and progress.

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
    place = rundir.choose_place(
        settings.output.absolute(),
        settings.run_dir,
        inputs.identity,
        len(inputs.grid),
        resume=settings.resume,
    )
    with sole_writer(place.folder, say=lambda text: _say(console, text)):
        # Another process may have begun the run before this one got the lock.
        begun = (place.folder / RUN_FILE).is_file()
        if begun:
            manifest = read_manifest(place.folder)
            check_same_run(inputs.identity, manifest, place.folder)
        else:
            manifest = new_manifest(settings, inputs)
            write_manifest(place.folder, manifest)
        job = _Job(
            settings=settings,
            inputs=inputs,
            console=console,
            folder=place.folder,
            plan=manifest.plan(),
            fingerprint=manifest.fingerprint,
            security=security,
        )
        described = settings.instrument_file
        own = (f"{settings.symbol} is as {described} describes it",) if described else ()
        for note in (*own, *inputs.notes, *place.notes, *inputs.keep.said()):
            job.say(f"note: {note}")
        return _complete(job, manifest, begun=begun)


def new_manifest(settings: Settings, inputs: Inputs) -> Manifest:
    """The manifest of a run that is about to begin: its grid cut into chunks, nothing done yet."""
    rows = settings.chunk_size or optimize.rows_per_chunk(inputs.grid, planned_workers(settings))
    plan = plan_chunks(inputs.grid, rows)
    return Manifest(
        symbol=inputs.symbol,
        instrument=inputs.instrument.to_dict(),
        grid=inputs.grid.to_dict(),
        execution=inputs.execution.to_dict(),
        news=inputs.news.to_dict(),
        news_statement=inputs.news_statement,
        data=inputs.data,
        ranking=dataclasses.asdict(settings.ranking),
        keep=inputs.keep.to_dict(),
        results_version=RESULTS_VERSION,
        combinations=len(inputs.grid),
        chunks=len(plan),
        settings_per_chunk=plan.settings_per_chunk,
        versions=versions(),
        fingerprint=grids.fingerprint(inputs.identity),
        state="running",
        created_utc=utc_now(),
        attempts=(),
    )


def planned_workers(settings: Settings) -> int:
    """The workers that the chunks are cut for; a scheduler's may come and go."""
    if settings.scheduler:
        return cluster.MAX_WORKERS
    return settings.workers or cluster.default_workers()


def _complete(job: _Job, manifest: Manifest, *, begun: bool) -> RunResult:
    """Compute what is not there, until all of it is."""
    store.remove_leftovers(job.dataset)
    stored = job.stored(read_all=True)
    missing = [index for index in range(len(job.plan)) if index not in stored.records]
    _say_what_is_there(job, len(missing), begun)
    if missing or job.uncut(stored):
        manifest = _attempt(job, manifest, missing, job.summary_of(stored))
        stored = job.stored(read_all=False)
    elif manifest.state != "finished":
        manifest = dataclasses.replace(manifest, state="finished")
        write_manifest(job.folder, manifest)
    absent = len(job.plan) - len(stored.records)
    if absent:
        raise StoreError(
            f"{absent} partitions are missing",
            where=str(job.dataset),
            expected="a folder that all workers write to",
            remedy="let workers on other machines share this folder, or run on this machine",
        )
    total = job.summary_of(stored)
    computed = sum(job.plan.chunk(index).n_rows for index in missing)
    if not job.inputs.keep.every_row:
        kept = sum(record.n_rows for record in stored.records.values())
        job.say(f"kept: {kept:,} of {total.combinations:,} rows")
    return RunResult(folder=job.folder, manifest=manifest, summary=total, computed=computed)


def _say_what_is_there(job: _Job, missing: int, begun: bool) -> None:
    chunks = len(job.plan)
    if not begun:
        job.say(f"run: {job.folder}")
    elif not missing:
        job.say(f"run: {job.folder} is complete, nothing is computed again")
    else:
        job.say(f"run: {job.folder} goes on, {chunks - missing} of {chunks} chunks are done")
    size = job.settings.chunk_size
    if begun and size and plan_chunks(job.plan.grid, size) != job.plan:
        job.say(f"note: its chunks stay as they were cut; --chunk-size {size} is for a new run")


def _attempt(job: _Job, manifest: Manifest, missing: list[int], before: Summary) -> Manifest:
    """Compute the missing chunks; whatever happens is written down, its beginning first."""
    seconds: dict[str, float] = {}
    attempt: dict[str, object] = {"started_utc": utc_now(), "seconds": seconds}
    _write_attempt(job, manifest, attempt, "running")
    # Impatience must not disturb what is written down of a stop either.
    with cluster.stoppable():
        try:
            if missing:
                outcome = _compute(job, missing, before, attempt, seconds)
                if outcome.failed:
                    raise optimize.failure(outcome.failed)
            if job.inputs.keep.top is not None:
                manifest = _with_cut(job, manifest, attempt)
                _leave_out_rows(job, manifest, attempt, seconds)
        except BaseException as error:
            _note_stop(job, manifest, attempt, error)
            raise
    return _end(job, manifest, attempt, "finished")


def _note_stop(
    job: _Job, manifest: Manifest, attempt: Mapping[str, object], error: BaseException
) -> None:
    """Write down why an attempt has ended before its end."""
    stopped = isinstance(error, KeyboardInterrupt)
    try:
        _end(job, manifest, attempt, "interrupted" if stopped else "failed")
    # The error that led here is the one to be told.
    except (OutputError, UnreachableError) as unwritten:
        job.say(f"note: run.json could not be written: {unwritten.found}")
    if stopped:
        with contextlib.suppress(UnreachableError):
            there = len(partition_files(job.dataset))
            job.say(f"stopped: {there} of {len(job.plan)} chunks are done; run again to go on")


def _compute(
    job: _Job,
    missing: list[int],
    before: Summary,
    attempt: dict[str, object],
    seconds: dict[str, float],
) -> Outcome:
    settings, inputs = job.settings, job.inputs
    for warning in warnings_of(settings):
        job.say(warning)
    with _timed(seconds, "compile"), job.console.status("preparing the engine"):
        engine.warm_up(inputs.market, inputs.grid)
    if compilations():
        job.say(f"compiled the engine in {seconds['compile']:.0f} s, for this and later runs")
    with contextlib.ExitStack() as stack:
        with _timed(seconds, "start_workers"):
            workers = stack.enter_context(
                cluster.workers_of(
                    min(planned_workers(settings), len(missing)),
                    scheduler=settings.scheduler,
                    dashboard_address=settings.dashboard_address,
                    listen=settings.listen,
                    security=job.security,
                )
            )
        job.say(f"dashboard: {workers.dashboard_link}")
        if settings.listen:
            job.say(f"workers can join at {workers.client.scheduler.address}")
        if settings.scheduler:
            check_cluster(workers.client, job.folder, job.fingerprint)
        progress = stack.enter_context(
            Progress(
                job.console,
                done=before.combinations,
                total=len(inputs.grid),
                best=before.best,
            )
        )
        with _timed(seconds, "compute"):
            outcome = optimize.compute(_work(job), missing, workers, progress, before)
    attempt.update(_figures(outcome, workers.count))
    return outcome


def _with_cut(job: _Job, manifest: Manifest, attempt: Mapping[str, object]) -> Manifest:
    """The manifest with the place where the best rows end, found if it is not there yet."""
    if manifest.cut:
        return manifest
    stored = job.stored(read_all=False)
    if any(record.is_cut for record in stored.records.values()):
        raise StoreError(
            "files hold only the best rows, and run.json does not say where these end",
            where=str(job.folder),
            remedy="put back the run.json that was there, or start anew with --no-resume",
        )
    if len(stored.records) < len(job.plan):
        return manifest
    with job.console.status("finding the best rows"):
        cut = find_cut(partition_files(job.dataset), job.inputs.keep)
    manifest = dataclasses.replace(manifest, cut=cut.to_dict())
    _write_attempt(job, manifest, attempt, "running")
    return manifest


def _leave_out_rows(
    job: _Job, manifest: Manifest, attempt: dict[str, object], seconds: dict[str, float]
) -> None:
    """Write the files again without the rows behind the cut, those that still hold them."""
    if not manifest.cut:  # not all files are there, which is said in the end
        return
    chunks, cut, kept = job.uncut(job.stored(read_all=False)), Cut.from_dict(manifest.cut), 0
    with _timed(seconds, "cut"), job.console.status("leaving out the other rows"):
        for n_rows in cut_partitions(
            job.dataset, job.plan, job.fingerprint, job.inputs.keep, cut, chunks
        ):
            kept += n_rows
    attempt["rows_left_by_cut"] = kept


def _work(job: _Job) -> Work:
    return Work(
        market=job.inputs.market,
        plan=job.plan,
        execution=job.inputs.execution,
        news=job.inputs.news,
        dataset=job.dataset,
        fingerprint=job.fingerprint,
        min_trades=job.min_trades,
        versions=tuple(own_versions().items()),
        keep=job.inputs.keep,
    )


def _figures(outcome: Outcome, workers: int) -> Mapping[str, object]:
    """What an attempt has cost, for run.json."""
    compiled: dict[int, int] = {}
    for chunk in outcome.done:
        compiled[chunk.process] = max(chunk.compilations, compiled.get(chunk.process, 0))
    return {
        "workers": workers,
        "processes": len(compiled),
        "chunks_done": len(outcome.done),
        "chunks_failed": len(outcome.failed),
        "failures": [f"{error.where}: {error.found}" for error in outcome.failed],
        "combinations": sum(chunk.summary.combinations for chunk in outcome.done),
        "rows_kept": sum(chunk.rows_kept for chunk in outcome.done),
        "worker_seconds": {
            "compute": round(sum(chunk.compute_seconds for chunk in outcome.done), 3),
            "write": round(sum(chunk.write_seconds for chunk in outcome.done), 3),
        },
        "compilations": {"main": compilations(), "workers": sum(compiled.values())},
    }


@contextlib.contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    started = time.perf_counter()
    try:
        yield
    finally:
        seconds[name] = round(time.perf_counter() - started, 3)


def _end(job: _Job, manifest: Manifest, attempt: Mapping[str, object], state: State) -> Manifest:
    """The manifest with this attempt at its end, written."""
    return _write_attempt(job, manifest, {**attempt, "ended_utc": utc_now()}, state)


def _write_attempt(
    job: _Job, manifest: Manifest, attempt: Mapping[str, object], state: State
) -> Manifest:
    """The manifest with one attempt more, written; an attempt that has no end was killed."""
    with_it = dataclasses.replace(
        manifest, state=state, attempts=(*manifest.attempts, {**attempt, "state": state})
    )
    write_manifest(job.folder, with_it)
    return with_it
