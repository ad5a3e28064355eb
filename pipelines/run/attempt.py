"""One attempt at a run: what is missing is computed, and its course is written down."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from distributed import Security
from rich.console import Console

from ib_grid.engine.fast import engine
from ib_grid.engine.fast.compiled import compilations
from ib_grid.engine.fast.kernel_cache import all_compiled
from ib_grid.errors import OutputError, StoreError, UnreachableError
from ib_grid.grid.chunks import ChunkPlan
from ib_grid.grid.filters.row_filter import TopKThreshold
from ib_grid.runs import chunk_summary, inventory
from ib_grid.runs.chunk_summary import Summary
from ib_grid.runs.inventory import Stored
from ib_grid.runs.manifest import Manifest, State, write_manifest
from ib_grid.runs.partition_layout import partition_files, results_folder
from ib_grid.storage.paths import AnyPath
from ib_grid.storage.timestamps import utc_now
from pipelines.cluster import local_cluster
from pipelines.cluster.existing_cluster import check_cluster
from pipelines.cluster.local_cluster import Workers
from pipelines.cluster.security import warnings_of
from pipelines.cluster.versions import own_versions
from pipelines.config.settings import Settings
from pipelines.inputs.inputs import RunInputs
from pipelines.render.progress import Progress
from pipelines.run import chunk_bag
from pipelines.run.chunk_bag import Outcome
from pipelines.run.tasks import ChunkWork
from pipelines.run.top_k import filter_partitions, find_threshold


def say(console: Console, text: str) -> None:
    """Print a line as it is, however long."""
    console.print(text, soft_wrap=True, highlight=False, markup=False)


def planned_workers(settings: Settings) -> int:
    """The workers that the chunks are cut for; a scheduler's may come and go."""
    if settings.scheduler:
        return local_cluster.MAX_WORKERS
    return settings.workers or local_cluster.default_workers()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RunContext:
    """A run that this process works on.

    Attributes
    ----------
    settings : Settings
    inputs : RunInputs
    console : Console
    folder : AnyPath
        The run directory.
    plan : ChunkPlan
    fingerprint : str
    security : Security, optional
        For a cluster that speaks TLS.
    stay : ExitStack, optional
        Where given, workers that have done their work stay until it is closed.
    """

    settings: Settings
    inputs: RunInputs
    console: Console
    folder: AnyPath
    plan: ChunkPlan
    fingerprint: str
    security: Security | None
    stay: contextlib.ExitStack | None = None

    @property
    def dataset(self) -> AnyPath:
        """The Parquet data set of the run."""
        return results_folder(self.folder, self.inputs.symbol)

    @property
    def min_trades(self) -> int:
        """Least number of trades of a combination that can be the best so far."""
        return self.settings.ranking.min_trades

    def say(self, text: str) -> None:
        """Tell the person something."""
        say(self.console, text)

    def stored(self, *, read_all: bool) -> Stored:
        """Which chunks are there and right; others are set aside, and it is said."""
        stored = inventory.take_stock(self.dataset, self.plan, self.fingerprint, read_all=read_all)
        for damaged in stored.damaged:
            self.say(f"note: {damaged}")
        return stored

    def unfiltered(self, stored: Stored) -> list[int]:
        """Chunks whose files still hold rows that are not among the best to be kept."""
        if self.inputs.row_filter.top is None:
            return []
        return [index for index, record in sorted(stored.records.items()) if not record.is_cut]

    def summary_of(self, stored: Stored) -> Summary:
        """What the chunks that are there have come to."""
        parts = (stored.records[index].summary for index in sorted(stored.records))
        return chunk_summary.merge(parts, self.min_trades)


def compute_missing(
    context: RunContext, manifest: Manifest, missing: list[int], before: Summary
) -> tuple[Manifest, Workers | None]:
    """Compute the missing chunks; whatever happens is written down, its beginning first.

    Parameters
    ----------
    context : RunContext
    manifest : Manifest
        As it is in the run directory.
    missing : list of int
        Indices of the chunks.
    before : Summary
        Of the chunks that are there.

    Returns
    -------
    Manifest
        With this attempt at its end.
    Workers, optional
        Those that have computed, where they are to stay.

    Raises
    ------
    ChunkError, StoreError, ClusterError
        As `pipelines.run.run`.
    """
    seconds: dict[str, float] = {}
    attempt: dict[str, object] = {"started_utc": utc_now(), "seconds": seconds}
    workers = None
    _write_attempt(context, manifest, attempt, "running")
    # Impatience must not disturb what is written down of a stop either.
    with local_cluster.stoppable():
        try:
            if missing:
                _compile(
                    context,
                    seconds,
                    lambda: _note_stop(context, manifest, attempt, KeyboardInterrupt()),
                )
                workers = _compute(context, missing, before, attempt, seconds)
            if context.inputs.row_filter.top is not None:
                manifest = _with_threshold(context, manifest, attempt)
                _leave_out_rows(context, manifest, attempt, seconds)
        except BaseException as error:
            _note_stop(context, manifest, attempt, error)
            raise
    return _end(context, manifest, attempt, "finished"), workers


def _note_stop(
    context: RunContext, manifest: Manifest, attempt: Mapping[str, object], error: BaseException
) -> None:
    """Write down why an attempt has ended before its end."""
    stopped = isinstance(error, KeyboardInterrupt)
    try:
        _end(context, manifest, attempt, "interrupted" if stopped else "failed")
    # The error that led here is the one to be told.
    except (OutputError, StoreError) as unwritten:
        context.say(f"note: run.json could not be written: {unwritten.message}")
    if stopped:
        with contextlib.suppress(UnreachableError):
            there = len(partition_files(context.dataset))
            context.say(
                f"stopped: {there} of {len(context.plan)} chunks are done; run again to go on"
            )


def _compile(context: RunContext, seconds: dict[str, float], note_stop: Callable[[], None]) -> None:
    """Compile the engine where this machine has not yet done it, which takes some ten seconds."""

    def note() -> None:
        context.console.show_cursor()  # the status has hidden it
        note_stop()
        context.console.file.flush()

    with _timed(seconds, "compile"), context.console.status("preparing the engine"):
        if not all_compiled():
            with local_cluster.ended_by_a_stop(note):
                engine.warm_up(context.inputs.context.market, context.inputs.grid)
    if compilations():
        context.say(f"compiled the engine in {seconds['compile']:.0f} s, for this and later runs")


def _compute(
    context: RunContext,
    missing: list[int],
    before: Summary,
    attempt: dict[str, object],
    seconds: dict[str, float],
) -> Workers | None:
    """Have workers compute; those of them that stay."""
    settings, inputs = context.settings, context.inputs
    for warning in warnings_of(settings):
        context.say(warning)
    with contextlib.ExitStack() as stack:
        with _timed(seconds, "start_workers"):
            workers = stack.enter_context(
                local_cluster.workers_of(
                    min(planned_workers(settings), len(missing)),
                    scheduler=settings.scheduler,
                    dashboard_address=settings.dashboard_address,
                    listen=settings.listen,
                    security=context.security,
                )
            )
        context.say(f"dashboard: {workers.dashboard_link}")
        if settings.listen:
            context.say(f"workers can join at {workers.client.scheduler.address}")
        if settings.scheduler:
            check_cluster(workers.client, context.folder, context.fingerprint)
        progress = Progress(
            context.console, done=before.combinations, total=len(inputs.grid), best=before.best
        )
        with progress, _timed(seconds, "compute"):
            outcome = chunk_bag.compute(_work(context), missing, workers, progress, before)
        attempt.update(_figures(outcome, workers.count))
        if outcome.failed:
            raise chunk_bag.failure(outcome.failed)
        if context.stay is None:
            return None
        context.stay.enter_context(stack.pop_all())
    return workers


def _with_threshold(
    context: RunContext, manifest: Manifest, attempt: Mapping[str, object]
) -> Manifest:
    """The manifest with the place where the best rows end, found if it is not there yet."""
    if manifest.cut:
        return manifest
    stored = context.stored(read_all=False)
    if any(record.is_cut for record in stored.records.values()):
        raise StoreError(
            "files hold only the best rows, and run.json does not say where these end",
            location=str(context.folder),
            hint="put back the run.json that was there, or start anew with --no-resume",
        )
    if len(stored.records) < len(context.plan):
        return manifest
    with context.console.status("finding the best rows"):
        threshold = find_threshold(partition_files(context.dataset), context.inputs.row_filter)
    manifest = dataclasses.replace(manifest, cut=threshold.to_dict())
    _write_attempt(context, manifest, attempt, "running")
    return manifest


def _leave_out_rows(
    context: RunContext, manifest: Manifest, attempt: dict[str, object], seconds: dict[str, float]
) -> None:
    """Write the files again without the rows behind the cut, those that still hold them."""
    if not manifest.cut:  # not all files are there, which is said in the end
        return
    chunks, threshold, kept = (
        context.unfiltered(context.stored(read_all=False)),
        TopKThreshold.from_dict(manifest.cut),
        0,
    )
    with _timed(seconds, "cut"), context.console.status("leaving out the other rows"):
        for n_rows in filter_partitions(
            context.dataset,
            context.plan,
            context.fingerprint,
            context.inputs.row_filter,
            threshold,
            chunks,
        ):
            kept += n_rows
    attempt["rows_left_by_cut"] = kept


def _work(context: RunContext) -> ChunkWork:
    return ChunkWork(
        context=context.inputs.context,
        plan=context.plan,
        dataset=context.dataset,
        fingerprint=context.fingerprint,
        min_trades=context.min_trades,
        versions=tuple(own_versions().items()),
        row_filter=context.inputs.row_filter,
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
        "failures": [f"{error.location}: {error.message}" for error in outcome.failed],
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


def _end(
    context: RunContext, manifest: Manifest, attempt: Mapping[str, object], state: State
) -> Manifest:
    """The manifest with this attempt at its end, written."""
    return _write_attempt(context, manifest, {**attempt, "ended_utc": utc_now()}, state)


def _write_attempt(
    context: RunContext, manifest: Manifest, attempt: Mapping[str, object], state: State
) -> Manifest:
    """The manifest with one attempt more, written; an attempt that has no end was killed."""
    with_it = dataclasses.replace(
        manifest, state=state, attempts=(*manifest.attempts, {**attempt, "state": state})
    )
    write_manifest(context.folder, with_it)
    return with_it
