"""From a symbol and its CSV files to bars and levels: instruments, prepare, levels."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ib_grid.errors import ConfigError
from ib_grid.storage.paths import AnyPath, parse_path
from pipelines.cli import options
from pipelines.config import default_paths


def instruments(
    symbol: Annotated[
        str | None,
        typer.Argument(help="Show its description; GER40, XAUUSD, an example or your own."),
    ] = None,
    instruments: options.Instruments = None,
    out: Annotated[
        Path | None, typer.Option(help="TOML file to write the description to. [default: screen]")
    ] = None,
) -> None:
    """List the instruments, or show how one is described: what to change for another symbol."""
    from pipelines.config import instruments as known

    if symbol is None:
        if out:
            raise ConfigError("no symbol was given", location="--out", expected="a symbol to write")
        for line in known.listing(_place(instruments)):
            typer.echo(line)
        return
    text = known.description(symbol, _place(instruments))
    if out:
        known.write_description(text, out)
        typer.echo(f"written: {out}", err=True)
    else:
        typer.echo(text, nl=False)


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
    data_dir: options.PreparedDir = default_paths.DATA_DIR,
    data: options.PreparedFile = None,
    instruments: options.Instruments = None,
) -> None:
    """Check CSV files of one-minute bars and write them as one Parquet file."""
    from pipelines.config.instruments import find_instrument
    from pipelines.inputs import prepare as files
    from pipelines.render.data_tables import show_quality, terminal

    path = data or default_paths.bars_file(symbol, data_dir)
    instrument = find_instrument(symbol, _place(instruments)).instrument
    quality = files.prepare_bars(instrument, [*csv, *(more_csv or [])], timezone, path)
    console = terminal()
    show_quality(console, quality, path)
    if timezone and not quality.timezone:
        console.print(f"note: --timezone {timezone} was not used, every time has its own offset")


def levels(
    symbol: options.OneSymbol,
    data: options.PreparedFile = None,
    data_dir: options.PreparedDir = default_paths.DATA_DIR,
    instruments: options.Instruments = None,
) -> None:
    """Write the Initial Balance levels of a symbol's sessions beside its bars."""
    from pipelines.config.instruments import find_instrument
    from pipelines.inputs import prepare as files
    from pipelines.render.data_tables import show_levels, terminal

    path = default_paths.levels_file(symbol, data_dir)
    instrument = find_instrument(symbol, _place(instruments)).instrument
    written = files.prepare_levels(
        instrument, data or default_paths.bars_file(symbol, data_dir), path
    )
    show_levels(terminal(), written, symbol, path)


def _place(text: str | None) -> AnyPath | None:
    return parse_path(text) if text else None
