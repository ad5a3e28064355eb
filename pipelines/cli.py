"""The command line, `ib-grid`: options to settings, settings to the parts that do the work."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer
from rich.console import Console

from ib_grid.errors import ConfigError, IbGridError
from pipelines import options, places

# What needs the engine, pandas and the like is imported by the commands that use it, so that
# --help and a mistyped option are answered at once.
if TYPE_CHECKING:
    from pipelines.config import Settings
    from pipelines.inputs import Inputs
    from pipelines.report.build import VariationFilter

app = typer.Typer(
    name="ib-grid",
    help="Backtest every parameter combination of the Initial Balance strategy.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
news_app = typer.Typer(help="The news filter.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(news_app, name="news")


@app.command()
def prepare(
    symbol: options.OneSymbol,
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
    data_dir: options.PreparedDir = places.DATA_DIR,
    data: options.PreparedFile = None,
) -> None:
    """Check CSV files of one-minute bars and write them as one Parquet file."""
    from pipelines import prepare as files
    from pipelines.show import show_quality, terminal

    path = data or files.bars_file(symbol, data_dir)
    quality = files.prepare_bars(symbol, [*csv, *(more_csv or [])], timezone, path)
    console = terminal()
    show_quality(console, quality, path)
    if timezone and not quality.timezone:
        console.print(f"note: --timezone {timezone} was not used, every time has its own offset")


@app.command()
def levels(
    symbol: options.OneSymbol,
    data: options.PreparedFile = None,
    data_dir: options.PreparedDir = places.DATA_DIR,
) -> None:
    """Write the Initial Balance levels of a symbol's sessions beside its bars."""
    from pipelines import prepare as files
    from pipelines.show import show_levels, terminal

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
    output: options.Output = None,
    run_dir: options.RunDir = None,
    resume: options.Resume = None,
    chunk_size: options.ChunkSize = None,
    config_file: options.Config = None,
    excel: options.Excel = False,
) -> None:
    """Backtest every combination of a grid; run again, it goes on where it ended."""
    settings = _settings(locals())
    from pipelines.inputs import read_inputs

    _run_and_report(settings, read_inputs(settings), excel=excel)


@app.command()
def info(
    symbol: options.Symbol = None,
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
    settings = _settings(locals())
    from pipelines.info import describe

    for line in describe(settings):
        typer.echo(line)


@app.command()
def report(
    run: Annotated[Path, typer.Argument(help="Run directory, finished or not.")],
    variation_filter: options.VariationFilter = "rule",
    top: Annotated[int, typer.Option(help="Combinations ranked, and shown in Excel.")] = 10_000,
    excel: options.Excel = False,
    config_file: options.Config = None,
) -> None:
    """Write the ranking and all result files of a run again, from its Parquet files."""
    from pipelines import config
    from pipelines.report.screen import show_report
    from pipelines.reporting import report_run
    from pipelines.show import terminal

    written = report_run(
        run,
        ranking=config.load_ranking(config_file),
        variation_filter=cast("VariationFilter", variation_filter),
        n_best=top,
        excel=excel,
    )
    show_report(terminal(), *written)


@app.command()
def trades(
    params: Annotated[
        Path, typer.Option(help="JSON file of the 14 parameters, such as a run's best.")
    ],
    symbol: options.Symbol = None,
    out: Annotated[
        Path | None, typer.Option(help="CSV file to write. [default: the screen]")
    ] = None,
    engine: Annotated[str, typer.Option(help="fast, or reference: the plain twin.")] = "fast",
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
    config_file: options.Config = None,
) -> None:
    """Show or write every trade of one combination."""
    settings = _settings(locals())
    from pipelines import trades as of_one
    from pipelines.csv_files import write_csv
    from pipelines.show import show_trades, terminal

    combination = of_one.load_combination(settings, params)
    found = of_one.combination_trades(combination, engine)
    for line in of_one.said_of(combination, settings):
        typer.echo(line, err=True)
    if out:
        of_one.check_not_an_input(out, [params, settings.bars_file, *settings.news])
        write_csv(found, out)
        typer.echo(f"{len(found)} trades, total {found['r'].sum():.2f} R, written: {out}", err=True)
    else:
        show_trades(terminal(), found)


@news_app.command()
def check(
    params: Annotated[Path, typer.Option(help="JSON file of the 14 parameters.")],
    symbol: options.Symbol = None,
    out: Annotated[
        Path | None, typer.Option(help="CSV file to write. [default: the screen]")
    ] = None,
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
    config_file: options.Config = None,
) -> None:
    """List each blocked and each kept candidate of a combination with the nearest event.

    distance_minutes (min on the screen) is the candidate's time less the event's: negative, the
    event is still to come; positive, it is over.
    """
    settings = _settings(locals())
    from pipelines import trades as of_one
    from pipelines.csv_files import write_csv
    from pipelines.news import statement_lines
    from pipelines.show import show_candidates, terminal

    combination = of_one.load_combination(settings, params)
    found = of_one.candidates_and_news(combination)
    if out:
        of_one.check_not_an_input(out, [params, settings.bars_file, *settings.news])
        write_csv(found, out)
    else:
        show_candidates(terminal(), found)
    total = f"{len(found):,} candidates, {int(found['blocked'].sum()):,} of them blocked"
    typer.echo(total + (f", written: {out}" if out else ""), err=True)
    for line in statement_lines(combination.news.statement):
        typer.echo(line, err=True)


@app.command()
def demo(
    output: Annotated[Path, typer.Option(help="Folder for the bars and the run.")] = Path("demo"),
    workers: options.Workers = None,
    excel: options.Excel = False,
) -> None:
    """Try it all on a year of made-up bars: the standard grid, ranked."""
    from pipelines import config
    from pipelines.demo import DEMO_SYMBOL, write_demo_bars
    from pipelines.inputs import read_inputs
    from pipelines.show import terminal

    data = write_demo_bars(output / "data")
    settings = config.load_settings(
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


def _settings(given: Mapping[str, object]) -> Settings:
    """Settings from the options of a command that are settings, and its configuration file."""
    from pipelines import config

    names = {field.name for field in dataclasses.fields(config.Settings)}
    options_given = {name: value for name, value in given.items() if name in names}
    if given.get("news_currency"):
        if not given["symbol"]:
            raise ConfigError("no symbol was given", where="--news-currency", expected="--symbol")
        options_given["news_currencies"] = {given["symbol"]: list(given["news_currency"])}  # type: ignore[call-overload]
    return config.load_settings(options_given, cast(Path | None, given["config_file"]))


def _run_and_report(settings: Settings, inputs: Inputs, *, excel: bool) -> None:
    from pipelines.report.screen import show_report
    from pipelines.reporting import report_run
    from pipelines.run import run as run_grid
    from pipelines.show import terminal

    result = run_grid(settings, inputs, Console(stderr=True))
    written = report_run(result.folder, ranking=settings.ranking, excel=excel)
    show_report(terminal(), *written)


def main() -> None:
    """Run the command line; exit status 0 done, 1 failed, 2 wrong input."""
    try:
        app()
    except IbGridError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - the person's message
        sys.exit(error.exit_status)


if __name__ == "__main__":
    main()
