"""Counts of start dates for a whole grid, chunk by chunk, each written by its worker."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console

from ib_grid.account.challenge.date_rules import DateRules, date_rules
from ib_grid.account.challenge.rule_files import RuleFile
from ib_grid.account.money.contracts import Contract
from ib_grid.account.money.sizing import AccountSettings
from ib_grid.account.stored_counts import (
    counts_fingerprint,
    counts_folder,
    counts_path,
    is_stored,
    write_counts,
)
from ib_grid.account.whole_grid.counts import counts_of_chunk
from ib_grid.engine.context import BacktestContext
from ib_grid.grid.chunks import ChunkPlan, plan_chunks
from ib_grid.runs.run import Run
from ib_grid.storage.lock import sole_writer
from ib_grid.storage.paths import AnyPath
from pipelines.cluster.clusters import Cluster
from pipelines.cluster.executors import Executor, open_executor
from pipelines.cluster.interrupts import exit_on_interrupt, interrupt_once, tell_when_stopped

SEED = 42
_INTERRUPTED = "interrupted: finished chunks are kept; run the same command again to resume"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CountsWork:
    """Input of the tasks of one rule file and risk, scattered to the workers once."""

    context: BacktestContext
    plan: ChunkPlan
    folder: AnyPath
    account: AccountSettings
    contract: Contract
    rules: DateRules
    fingerprint: str


def count_chunk(index: int, work: CountsWork) -> int:
    """Count the start dates of a chunk, write them, and return the number of combinations."""
    chunk = work.plan.chunk(index)
    counts = counts_of_chunk(
        work.context, work.plan.grid, chunk, work.account, work.contract, work.rules
    )
    write_counts(counts_path(work.folder, index), chunk, counts, work.fingerprint)
    return chunk.n_rows


def count_whole_grid(
    run: Run,
    rules: RuleFile,
    accounts: Sequence[AccountSettings],
    contract: Contract,
    cluster: Cluster,
    console: Console,
) -> list[AnyPath]:
    """Count the start dates of every combination at the risk of each account.

    Chunks that are stored already are kept, so that an interrupted count resumes.

    Returns
    -------
    list of path
        Folder of each account's counts.
    """
    with sole_writer(run.path), interrupt_once(), tell_when_stopped(_INTERRUPTED):
        works = [_work(run, rules, account, contract) for account in accounts]
        missing = [(work, chunks) for work in works if (chunks := _missing(work))]
        if missing:
            _compile(works[0], console)
            with cluster.open(max(len(chunks) for _, chunks in missing)) as ready:
                cluster.check(ready, run.path, run.manifest.fingerprint)
                # At least two, or this process would count: a compiler here could lose Ctrl-C.
                n, command = max(2, ready.count), "ib-grid challenge --whole-grid"
                with open_executor(n, ready, command) as executor:
                    for work, chunks in missing:
                        _compute(work, chunks, executor, console)
    return [work.folder for work in works]


def _work(run: Run, rules: RuleFile, account: AccountSettings, contract: Contract) -> CountsWork:
    by_date = date_rules(rules.targets[0])
    identity = counts_fingerprint(run.manifest.fingerprint, by_date, account, contract)
    return CountsWork(
        context=run.source.context,
        plan=run.plan,
        folder=counts_folder(run.path, run.manifest.symbol, rules.name, account.risk_pct),
        account=account,
        contract=contract,
        rules=by_date,
        fingerprint=identity,
    )


def _missing(work: CountsWork) -> list[int]:
    return [
        index
        for index in range(len(work.plan))
        if not is_stored(counts_path(work.folder, index), work.plan.chunk(index), work.fingerprint)
    ]


def _compile(work: CountsWork, console: Console) -> None:
    """Compile the kernels once, for the workers to find them on disk."""
    with console.status("preparing the engine"), exit_on_interrupt(console.show_cursor):
        one = plan_chunks(work.plan.grid, 1).chunk(0)
        counts_of_chunk(work.context, work.plan.grid, one, work.account, work.contract, work.rules)


def _compute(work: CountsWork, chunks: Sequence[int], executor: Executor, console: Console) -> None:
    order = random.Random(SEED).sample(chunks, len(chunks))  # noqa: S311
    shared = executor.share(work)
    pending = [executor.submit(count_chunk, index, shared) for index in order]
    started, counted = time.perf_counter(), 0
    total = sum(work.plan.chunk(index).n_rows for index in chunks)
    label = f"start dates at {work.account.risk_pct:g}% risk"
    with console.status(f"{label}: 0%") as status:
        for waited in pending:
            counted += waited.result()
            status.update(f"{label}: {100 * counted // total}%")
    seconds = time.perf_counter() - started
    console.print(
        f"{label}: {counted:,} combinations in {seconds:.1f} s", soft_wrap=True, highlight=False
    )
