"""The command line, `ib-grid`: options to settings, settings to the parts that do the work."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ib_grid.errors import IbGridError
from pipelines import config, options
from pipelines import prepare as files
from pipelines.show import show_levels, show_quality, terminal

app = typer.Typer(
    name="ib-grid",
    help="Backtest every parameter combination of the Initial Balance strategy.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


Symbol = Annotated[str, typer.Option(help="Instrument, such as GER40 or XAUUSD.")]
DataDir = Annotated[Path, typer.Option(help="Folder of prepared bars and levels.")]
DataFile = Annotated[
    Path | None,
    typer.Option("--data", help="Bars file.", show_default="DATA_DIR/SYMBOL_m1.parquet"),
]


@app.command()
def prepare(
    symbol: Symbol,
    csv: Annotated[
        list[Path],
        typer.Option(
            help="CSV file, or folder of them; may be repeated. Of rows of one minute the last"
            " counts: paths as given, a folder's files by name, rows as they stand."
        ),
    ],
    more_csv: Annotated[
        list[Path] | None,
        typer.Argument(metavar="CSV", help="More of them, as in --csv *.csv."),
    ] = None,
    timezone: Annotated[
        str | None,
        typer.Option(
            help="Clock of times without an offset: an IANA zone, or one plus hours, such as"
            " America/New_York+7 for most MetaTrader servers."
        ),
    ] = None,
    data_dir: DataDir = files.DATA_DIR,
    data: DataFile = None,
) -> None:
    """Check CSV files of one-minute bars and write them as one Parquet file."""
    path = data or files.bars_file(symbol, data_dir)
    quality = files.prepare_bars(symbol, [*csv, *(more_csv or [])], timezone, path)
    console = terminal()
    show_quality(console, quality, path)
    if timezone and not quality.timezone:
        console.print(f"note: --timezone {timezone} was not used, every time has its own offset")


@app.command()
def levels(symbol: Symbol, data: DataFile = None, data_dir: DataDir = files.DATA_DIR) -> None:
    """Write the Initial Balance levels of a symbol's sessions beside its bars."""
    path = files.levels_file(symbol, data_dir)
    written = files.prepare_levels(symbol, data or files.bars_file(symbol, data_dir), path)
    show_levels(terminal(), written, symbol, path)


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
    given = dict(locals())
    settings = config.load_settings(given, given.pop("config_file"))
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
    given = dict(locals())
    settings = config.load_settings(given, given.pop("config_file"))
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
