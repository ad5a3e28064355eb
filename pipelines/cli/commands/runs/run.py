"""Backtest of every combination of a grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.cli import arguments
from pipelines.cli.option_groups import Given, takes_settings
from pipelines.config.run_options import (
    ClusterOptions,
    DataOptions,
    DateOptions,
    ExecutionOptions,
    GridOptions,
    HoldOutOptions,
    InstrumentOptions,
    NewsOptions,
    OutputOptions,
    RobustnessOptions,
    WorkerOptions,
)

if TYPE_CHECKING:
    from pipelines.config.settings import Settings
    from pipelines.inputs.inputs import RunInputs


@takes_settings(
    InstrumentOptions,
    GridOptions,
    DataOptions,
    DateOptions,
    HoldOutOptions,
    ExecutionOptions,
    NewsOptions,
    RobustnessOptions,
    WorkerOptions,
    ClusterOptions,
    OutputOptions,
)
def run(given: Given, excel: arguments.Excel = False) -> None:
    """Backtest every combination of a grid. Run the same command again to resume."""
    settings = _settings_of_run(given)
    from pipelines.inputs.inputs import read_inputs

    run_and_report(settings, read_inputs(settings), excel=excel)


def _settings_of_run(given: Given) -> Settings:
    """Return the settings; prepare local workers as soon as it is clear that there will be some."""
    if not given.options["scheduler"] and not given.config_file:
        _prepare_workers()
    settings = given.settings()
    if not settings.scheduler:
        _prepare_workers()
    return settings


def _prepare_workers() -> None:
    """Start importing what workers need while this process reads the input or compiles."""
    from pipelines.cluster.local.fork_server import start_fork_server

    start_fork_server()


def run_and_report(settings: Settings, inputs: RunInputs, *, excel: bool) -> None:
    """Run the grid, test the selection, and write and show the report."""
    from rich.console import Console

    from pipelines.cluster.clusters import default_workers
    from pipelines.cluster.interrupts import keep_open, tell_when_stopped
    from pipelines.render.tables import terminal
    from pipelines.report.report_run import report_run
    from pipelines.report.screen import show_report
    from pipelines.run.context import ALL_DONE
    from pipelines.run.run import run as run_grid
    from pipelines.run.selected.robustness.ahead import compiling_ahead
    from pipelines.run.selected.robustness.make import make_missing

    console = Console(stderr=True)
    with keep_open() as stack, compiling_ahead(wanted=settings.robustness) as compiler:
        result = run_grid(settings, inputs, console, stack)
        with tell_when_stopped(ALL_DONE):
            if settings.robustness:
                if compiler:
                    with console.status("preparing the robustness tests"):
                        compiler.wait()
                ranking, workers = settings.ranking, result.workers
                make_missing(result.folder, inputs.source, console, ranking, workers)
            written = report_run(
                result.folder,
                ranking=settings.ranking,
                excel=excel,
                n_computed=result.summary.combinations,
                source=inputs.source,
                processes=settings.workers or default_workers(),
                workers=result.workers,
            )
    show_report(terminal(), *written)
