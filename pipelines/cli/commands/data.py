"""Instruments, and bars and levels prepared from CSV files: instruments, prepare, levels."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ib_grid.errors import ConfigError
from ib_grid.storage.paths import parse_path
from pipelines.cli.option_groups import Given, takes_settings
from pipelines.config.run_options import DataOptions, InstrumentOptions


def instruments(
    symbol: Annotated[
        str | None,
        typer.Argument(help="Show how this symbol is described. [default: list all symbols]"),
    ] = None,
    instruments: Annotated[
        str | None,
        typer.Option(
            help="TOML file that describes the instrument, or a folder of SYMBOL.toml files."
            " [default: data/instruments]"
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="TOML file to write the description to. [default: print to the screen]"),
    ] = None,
) -> None:
    """List the instruments, or show a description to start from."""
    from pipelines.config import instruments as known

    path = parse_path(instruments) if instruments else None
    if symbol is None:
        if out:
            raise ConfigError("no symbol given", location="--out", expected="a symbol to write")
        for line in known.listing(path):
            typer.echo(line)
        return
    text = known.description(symbol, path)
    if out:
        known.write_description(text, out)
        typer.echo(f"written: {out}", err=True)
    else:
        typer.echo(text, nl=False)


@takes_settings(InstrumentOptions, DataOptions)
def prepare(
    given: Given,
    csv: Annotated[
        list[Path],
        typer.Option(
            metavar="<path>",
            help="CSV file or folder of CSV files; may be repeated. Where files overlap, the last"
            " one counts; the files of a folder are taken by name.",
        ),
    ],
    more_csv: Annotated[
        list[Path] | None,
        typer.Argument(metavar="CSV", help="More CSV files, as in --csv *.csv."),
    ] = None,
    timezone: Annotated[
        str | None,
        typer.Option(
            help="Time zone of times without an offset: an IANA name, plus hours if needed, such as"
            " America/New_York+7 for most MetaTrader servers."
        ),
    ] = None,
) -> None:
    """Turn CSV files of one-minute bars into one Parquet file."""
    settings = given.settings()
    from pipelines.inputs.prepare import prepare_bars
    from pipelines.render.data_tables import show_quality
    from pipelines.render.tables import terminal

    path = settings.bars_file
    quality = prepare_bars(settings.instrument, [*csv, *(more_csv or [])], timezone, path)
    console = terminal()
    show_quality(console, quality, path)
    if timezone and not quality.timezone:
        console.print(f"note: --timezone {timezone} was not needed, every time has an offset")


@takes_settings(InstrumentOptions, DataOptions)
def levels(given: Given) -> None:
    """Save the Initial Balance levels of all sessions of a symbol."""
    settings = given.settings()
    from pipelines.inputs.prepare import prepare_levels
    from pipelines.render.data_tables import show_levels
    from pipelines.render.tables import terminal

    written = prepare_levels(settings.instrument, settings.bars_file, settings.levels_file)
    show_levels(terminal(), written, settings.symbol, settings.levels_file)
