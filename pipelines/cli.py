"""The command line, `ib-grid`: options to settings, settings to the parts that do the work."""

from __future__ import annotations

import sys

import typer
from rich.console import Console

from ib_grid.errors import IbGridError
from pipelines import config, options

app = typer.Typer(
    name="ib-grid",
    help="Backtest every parameter combination of the Initial Balance strategy.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def run(
    symbol: options.Symbol = None,
    grid: options.GridName = None,
    execution: options.Execution = None,
    data: options.Data = None,
    data_dir: options.DataDir = None,
    spread_points: options.SpreadPoints = None,
    slippage_points: options.SlippagePoints = None,
    commission_points: options.CommissionPoints = None,
    workers: options.Workers = None,
    scheduler: options.Scheduler = None,
    dashboard_address: options.DashboardAddress = None,
    output: options.Output = None,
    run_dir: options.RunDir = None,
    resume: options.Resume = None,
    chunk_size: options.ChunkSize = None,
    config_file: options.Config = None,
) -> None:
    """Backtest every combination of a grid; run again, it goes on where it ended."""
    given = {name: value for name, value in locals().items() if name != "config_file"}
    settings = config.load_settings(given, config_file)
    from pipelines.inputs import read_inputs
    from pipelines.run import run as run_grid

    result = run_grid(settings, read_inputs(settings), Console(stderr=True))
    typer.echo(str(result.folder))


@app.command()
def info(
    symbol: options.Symbol = None,
    grid: options.GridName = None,
    execution: options.Execution = None,
    data: options.Data = None,
    data_dir: options.DataDir = None,
    workers: options.Workers = None,
    config_file: options.Config = None,
) -> None:
    """Show the bars, the levels, the size of the grid and what a run will take."""
    given = {name: value for name, value in locals().items() if name != "config_file"}
    settings = config.load_settings(given, config_file)
    from pipelines.info import describe

    for line in describe(settings):
        typer.echo(line)


def main() -> None:
    """Run the command line; exit status 0 done, 1 failed, 2 wrong input."""
    try:
        app()
    except IbGridError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - the person's message
        sys.exit(error.exit_status)


if __name__ == "__main__":
    main()
