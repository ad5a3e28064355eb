"""The grid, backtested: run, info, demo."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from pipelines.cli import options
from pipelines.cli.settings import settings_of

if TYPE_CHECKING:
    from pipelines.config.configuration import Settings
    from pipelines.inputs.inputs import RunInputs


def run(
    symbol: options.Symbol = None,
    instruments: options.Instruments = None,
    grid: options.GridName = None,
    execution: options.Execution = None,
    data: options.Data = None,
    data_dir: options.DataDir = None,
    spread_points: options.SpreadPoints = None,
    slippage_points: options.SlippagePoints = None,
    commission_points: options.CommissionPoints = None,
    news: options.NewsPaths = None,
    news_filter: options.NewsFilter = None,
    news_before_minutes: options.NewsBefore = None,
    news_after_minutes: options.NewsAfter = None,
    news_coverage: options.NewsCoverage = None,
    news_timezone: options.NewsTimezone = None,
    news_currency: options.NewsCurrency = None,
    workers: options.Workers = None,
    scheduler: options.Scheduler = None,
    dashboard_address: options.DashboardAddress = None,
    listen: options.Listen = None,
    tls_ca_file: options.TlsCaFile = None,
    tls_cert: options.TlsCert = None,
    tls_key: options.TlsKey = None,
    output: options.Output = None,
    run_dir: options.RunDir = None,
    resume: options.Resume = None,
    chunk_size: options.ChunkSize = None,
    columns: options.Columns = None,
    keep: options.KeepRows = None,
    keep_top: options.KeepTop = None,
    config_file: options.Config = None,
    excel: options.Excel = False,
) -> None:
    """Backtest every combination of a grid; run again, it goes on where it ended."""
    settings = _settings_of_run(locals())
    from pipelines.inputs.inputs import read_inputs

    _run_and_report(settings, read_inputs(settings), excel=excel)


def info(
    symbol: options.Symbol = None,
    instruments: options.Instruments = None,
    grid: options.GridName = None,
    execution: options.Execution = None,
    data: options.Data = None,
    data_dir: options.DataDir = None,
    news: options.NewsPaths = None,
    news_filter: options.NewsFilter = None,
    news_before_minutes: options.NewsBefore = None,
    news_after_minutes: options.NewsAfter = None,
    news_coverage: options.NewsCoverage = None,
    news_timezone: options.NewsTimezone = None,
    news_currency: options.NewsCurrency = None,
    workers: options.Workers = None,
    config_file: options.Config = None,
) -> None:
    """Show the bars, the levels, the size of the grid and what a run will take."""
    settings = settings_of(locals())
    from pipelines.run.info import describe

    for line in describe(settings):
        typer.echo(line)


def demo(
    output: Annotated[Path, typer.Option(help="Folder for the bars and the run.")] = Path("demo"),
    workers: options.Workers = None,
    excel: options.Excel = False,
) -> None:
    """Try it all on a year of made-up bars: the standard grid, ranked."""
    _prepare_workers()
    from pipelines.config import configuration
    from pipelines.inputs.demo import DEMO_SYMBOL, write_demo_bars
    from pipelines.inputs.inputs import read_inputs
    from pipelines.render.data_tables import terminal

    data = write_demo_bars(output / "data")
    settings = configuration.load_settings(
        {
            "symbol": DEMO_SYMBOL,
            "data": data,
            "data_dir": output / "data",
            "output": output / "results",
            "news_filter": False,
            "workers": workers,
        }
    )
    terminal().print("These bars are made up: no market ever traded so.")
    _run_and_report(settings, read_inputs(settings), excel=excel)


def _settings_of_run(given: Mapping[str, object]) -> Settings:
    """The settings; workers of this machine are prepared as soon as it is sure to have some."""
    if not given["scheduler"] and not given["config_file"]:
        _prepare_workers()
    settings = settings_of(given)
    if not settings.scheduler:
        _prepare_workers()
    return settings


def _prepare_workers() -> None:
    """Have what workers need be imported while this process imports its own and reads the input."""
    from ib_grid.engine.fast.kernel_cache import all_compiled
    from pipelines.cluster.fork_server import start_fork_server

    if all_compiled():
        start_fork_server()


def _run_and_report(settings: Settings, inputs: RunInputs, *, excel: bool) -> None:
    from pipelines.cluster.local_cluster import default_workers, staying
    from pipelines.render.data_tables import terminal
    from pipelines.report.report_run import report_run
    from pipelines.report.screen import show_report
    from pipelines.run.run import run as run_grid

    with staying() as stay:
        result = run_grid(settings, inputs, Console(stderr=True), stay)
        try:
            written = report_run(
                result.folder,
                ranking=settings.ranking,
                excel=excel,
                n_computed=result.summary.combinations,
                source=inputs.source,
                processes=settings.workers or default_workers(),
                workers=result.workers,
            )
        except KeyboardInterrupt:
            typer.echo("every chunk is done; run again for the report", err=True)
            raise
    show_report(terminal(), *written)
