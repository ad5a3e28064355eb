"""From CSV files to bars and levels: prepare, levels."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines import options, places


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
