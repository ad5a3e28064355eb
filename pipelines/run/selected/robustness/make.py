"""Robustness tests of a run, into its directory."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from ib_grid.engine.context import BacktestContext
from ib_grid.errors import ConfigError, DataError
from ib_grid.grid.scoring import RankingSettings
from ib_grid.robustness.assembly import results_of
from ib_grid.robustness.conclusion.facts import facts_of
from ib_grid.robustness.conclusion.obstacles import obstacle
from ib_grid.robustness.conclusion.robustness_file import read_robustness, write_robustness
from ib_grid.robustness.conclusion.verdict import Verdict, verdict
from ib_grid.robustness.plan import RobustnessSettings, TestPlan, plan_tests
from ib_grid.robustness.results import Robustness
from ib_grid.robustness.rounds import ROUNDS, AllRounds, chunks_for, run_rounds, warm_up
from ib_grid.runs.manifest import read_manifest
from ib_grid.runs.source import RunSource
from ib_grid.storage.paths import AnyPath
from pipelines.cluster.clusters import Cluster, Workers
from pipelines.cluster.executors import open_executor
from pipelines.run.selected.robustness.on_workers import each_chunk_on

# Starting processes takes about as long as testing so many combinations.
COMBINATIONS_WORTH_A_START = 100_000


def make_robustness(
    run_dir: AnyPath,
    source: RunSource,
    settings: RobustnessSettings,
    console: Console,
    *,
    ranking: RankingSettings | None = None,
    cluster: Cluster | None = None,
    workers: Workers | None = None,
) -> tuple[Robustness, Verdict, AnyPath]:
    """Test the selection from a run, and write the results into its directory.

    Parameters
    ----------
    run_dir : path
    source : RunSource
        Data behind the run.
    settings : RobustnessSettings
    console : Console
        For the progress.
    ranking : RankingSettings, optional
        By default that of the run.
    cluster : Cluster, optional
        Workers to start where no running ones are given and the grid is worth it.
    workers : Workers, optional
        Running workers.

    Returns
    -------
    Robustness, Verdict, path
        The results, what they mean, and the file.

    Raises
    ------
    ConfigError
        If the run's ranking or row filter cannot be repeated on other dates, or the settings do
        not fit the dates.
    """
    manifest = read_manifest(run_dir)
    ranking = ranking or RankingSettings(**manifest.ranking)  # type: ignore[arg-type]
    error = obstacle(ranking, manifest.row_filter)
    if error is not None:
        raise error
    plan = plan_tests(source.grid, source.context.market, ranking, settings)
    with contextlib.ExitStack() as stack:
        if workers or (cluster and len(source.grid) >= COMBINATIONS_WORTH_A_START):
            warm_up(source.context, plan)
        if cluster and len(source.grid) >= COMBINATIONS_WORTH_A_START:
            workers = stack.enter_context(cluster.open(len(chunks_for(source.grid, 1))))
            cluster.check(workers, run_dir, manifest.fingerprint)
        rounds = _run_rounds(source.context, plan, workers, console)
    found = results_of(source.context, plan, rounds, ranking, settings)
    concluded = verdict(facts_of(manifest, str(run_dir), found, source), found)
    return found, concluded, write_robustness(run_dir, manifest, found, concluded)


def _run_rounds(
    context: BacktestContext, plan: TestPlan, workers: Workers | None, console: Console
) -> AllRounds:
    """Return the results of all rounds, from workers or from this process."""
    n_processes = workers.count if workers else 1
    total = ROUNDS * len(chunks_for(plan.grid, n_processes))
    with (
        open_executor(n_processes, workers, "ib-grid robustness") as executor,
        _progress(console, total) as advance,
    ):
        return run_rounds(each_chunk_on(executor, context, plan, n_processes, advance))


def make_missing(
    run_dir: AnyPath,
    source: RunSource,
    console: Console,
    ranking: RankingSettings,
    workers: Workers | None,
) -> None:
    """Make the tests of a run that has just finished, unless they are there; say why if not."""
    try:
        if not _is_made(run_dir, ranking):
            settings = RobustnessSettings()
            make_robustness(run_dir, source, settings, console, ranking=ranking, workers=workers)
    except ConfigError as error:
        note = f"note: no robustness tests: {error.message}"
        console.print(note, soft_wrap=True, highlight=False, markup=False)


def _is_made(run_dir: AnyPath, ranking: RankingSettings) -> bool:
    """Return whether the run directory has the tests of this ranking, undamaged."""
    try:
        found = read_robustness(run_dir, read_manifest(run_dir))
    except DataError:
        return False
    return found is not None and (dict(found.weights), found.min_trades) == (
        dict(ranking.weights),
        ranking.min_trades,
    )


@contextlib.contextmanager
def _progress(console: Console, total: int) -> Iterator[Callable[[], None]]:
    """Show a progress bar; yield the function to call for each part that is done."""
    columns = (
        TextColumn("robustness tests"),
        BarColumn(None),
        TaskProgressColumn(),
        TimeRemainingColumn(),
    )
    shown = console.is_terminal and not console.is_dumb_terminal
    with Progress(
        *columns, console=console, transient=True, disable=not shown, expand=True
    ) as progress:
        task = progress.add_task("tests", total=total)
        yield lambda: progress.advance(task)
