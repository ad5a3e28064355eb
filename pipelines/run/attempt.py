"""One attempt at a run: compute the missing chunks, and record the attempt in run.json."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import socket
import time
from collections.abc import Iterator, Mapping

from ib_grid.engine.fast import engine
from ib_grid.engine.fast.compiled import compilations
from ib_grid.engine.fast.kernel_cache import all_compiled
from ib_grid.errors import OutputError, StoreError, UnreachableError, without_secrets
from ib_grid.grid.filters.row_filter import TopKThreshold
from ib_grid.runs.chunk_summary import Summary
from ib_grid.runs.manifest import Manifest, State, versions, write_manifest
from ib_grid.runs.partition_layout import partition_files
from ib_grid.storage.timestamps import utc_now
from pipelines.cluster.clusters import Workers
from pipelines.cluster.compatibility import own_versions
from pipelines.cluster.executors import open_executor, processes_for
from pipelines.cluster.interrupts import exit_on_interrupt, interrupt_once, tell_when_stopped
from pipelines.render.progress import Progress
from pipelines.run import chunk_bag
from pipelines.run.chunk_bag import Outcome
from pipelines.run.context import ALL_DONE, RunContext
from pipelines.run.tasks import ChunkWork
from pipelines.run.top_k import filter_partitions, find_threshold


def compute_missing(
    context: RunContext, manifest: Manifest, missing: list[int], before: Summary
) -> Workers | None:
    """Compute the missing chunks; record the attempt at its start and however it ends.

    `before` is the summary of the stored chunks. The workers are returned if they are kept open.
    """
    attempt = _Attempt(context, manifest)
    workers = None
    attempt.write("running")
    # Ignore further signals while the shutdown is recorded.
    with interrupt_once():
        try:
            if missing:
                attempt.compile()
                workers = attempt.compute(missing, before)
            if context.inputs.row_filter.top is not None:
                attempt.keep_top(workers)
        except BaseException as error:
            attempt.record_failure(error)
            raise
        with tell_when_stopped(ALL_DONE):
            attempt.end("finished")
    return workers


class _Attempt:
    """An attempt and its record in run.json."""

    def __init__(self, context: RunContext, manifest: Manifest) -> None:
        self._context = context
        self._manifest = manifest
        self._seconds: dict[str, float] = {}
        self._record: dict[str, object] = {
            "started_utc": utc_now(),
            "host": socket.gethostname(),
            "versions": versions(),
            "seconds": self._seconds,
        }

    def write(self, state: State) -> None:
        """Write the manifest with this attempt; an attempt without an end was killed."""
        attempts = (*self._manifest.attempts, {**self._record, "state": state})
        manifest = dataclasses.replace(self._manifest, state=state, attempts=attempts)
        write_manifest(self._context.folder, manifest)

    def end(self, state: State) -> None:
        """Write the manifest with this attempt at its end."""
        self._record["ended_utc"] = utc_now()
        self.write(state)

    def record_failure(self, error: BaseException) -> None:
        """Record why the attempt ended early, and tell how to resume after an interruption."""
        context, interrupted = self._context, isinstance(error, KeyboardInterrupt)
        try:
            self.end("interrupted" if interrupted else "failed")
        except (OutputError, StoreError) as unwritten:  # the first error is the one to raise
            context.say(f"note: run.json could not be written: {unwritten.message}")
        if interrupted:
            with contextlib.suppress(UnreachableError):
                done = len(partition_files(context.dataset))
                context.say(
                    f"interrupted: {done} of {len(context.plan)} chunks are done;"
                    " run the same command again to resume"
                )

    def compile(self) -> None:
        """Compile the engine if this machine has not done so yet, which takes some ten seconds."""
        context = self._context
        with self._timed("compile"), context.console.status("preparing the engine"):
            if not all_compiled():
                with exit_on_interrupt(self._record_exit):
                    engine.warm_up(context.inputs.context.market, context.inputs.grid)
        if compilations():
            seconds = self._seconds["compile"]
            context.say(f"compiled the engine in {seconds:.0f} s; later runs reuse it")

    def _record_exit(self) -> None:
        self._context.console.show_cursor()  # the status has hidden the cursor
        self.record_failure(KeyboardInterrupt())
        self._context.console.file.flush()

    def compute(self, missing: list[int], before: Summary) -> Workers | None:
        """Compute chunks on workers; return the workers if they are kept open."""
        context = self._context
        for warning in context.cluster.warnings():
            context.say(warning)
        with contextlib.ExitStack() as stack:
            with self._timed("start_workers"):
                workers = stack.enter_context(context.cluster.open(len(missing)))
            context.say(f"dashboard: {without_secrets(workers.dashboard_link)}")
            if context.settings.listen:
                context.say(f"workers of other machines join with: {workers.join_command}")
                context.say("copy the TLS files there first; whoever has them can run code as you")
            context.cluster.check(workers, context.folder, context.fingerprint)
            self._compute_on(workers, missing, before)
            if context.keep_open is None:
                return None
            context.keep_open.enter_context(stack.pop_all())
        return workers

    def _compute_on(self, workers: Workers, missing: list[int], before: Summary) -> None:
        context = self._context
        progress = Progress(
            context.console,
            done=before.combinations,
            total=len(context.inputs.grid),
            best=before.best,
        )
        with progress, self._timed("compute"):
            outcome = chunk_bag.compute(_work(context), missing, workers, progress, before)
        self._record.update(_figures(outcome, workers.count))
        if outcome.failed:
            raise chunk_bag.failure(outcome.failed)

    def keep_top(self, workers: Workers | None) -> None:
        """Rewrite the partitions without the rows beyond the top k, on workers if there are any."""
        context = self._context
        threshold = self._threshold()
        if threshold is None:  # chunks are missing, which the caller reports
            return
        chunks = context.unfiltered(context.stored(read_all=False))
        work = functools.partial(
            filter_partitions,
            dataset=context.dataset,
            plan=context.plan,
            fingerprint=context.fingerprint,
            row_filter=context.inputs.row_filter,
            threshold=threshold,
        )
        n_rows, count = len(context.inputs.grid), workers.count if workers else 1
        with (
            self._timed("cut"),
            context.console.status("removing the other rows"),
            open_executor(processes_for(n_rows, count, are_there=True), workers) as executor,
        ):
            self._record["rows_left_by_cut"] = sum(map(sum, executor.map(work, chunks)))

    def _threshold(self) -> TopKThreshold | None:
        """Return the top-k threshold; find and record it first if all chunks are there."""
        context = self._context
        if self._manifest.cut:
            return TopKThreshold.from_dict(self._manifest.cut)
        stored = context.stored(read_all=False)
        if any(record.is_cut for record in stored.records.values()):
            raise StoreError(
                "the partitions hold the best rows only, but run.json lacks their threshold",
                location=str(context.folder),
                hint="restore the original run.json, or start a new run with --no-resume",
            )
        if len(stored.records) < len(context.plan):
            return None
        with context.console.status("finding the best rows"):
            threshold = find_threshold(partition_files(context.dataset), context.inputs.row_filter)
        self._manifest = dataclasses.replace(self._manifest, cut=threshold.to_dict())
        self.write("running")
        return threshold

    @contextlib.contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self._seconds[name] = round(time.perf_counter() - started, 3)


def _work(context: RunContext) -> ChunkWork:
    return ChunkWork(
        context=context.inputs.context,
        plan=context.plan,
        dataset=context.dataset,
        fingerprint=context.fingerprint,
        min_trades=context.settings.ranking.min_trades,
        versions=tuple(own_versions().items()),
        row_filter=context.inputs.row_filter,
    )


def _figures(outcome: Outcome, workers: int) -> Mapping[str, object]:
    """Return the record of an attempt's work for run.json."""
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
