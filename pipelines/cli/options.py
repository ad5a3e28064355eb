"""The options that several commands share, each said once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.render.formats import Format

_SYMBOL = "Instrument: GER40, XAUUSD, or one described in data/instruments/SYMBOL.toml."
OneSymbol = Annotated[str, typer.Option("--symbol", help=_SYMBOL)]
PreparedFile = Annotated[
    Path | None,
    typer.Option("--data", help="Bars file. [default: the symbol's in the data folder]"),
]
PreparedDir = Annotated[
    Path, typer.Option("--data-dir", help="Folder of the prepared bars and levels.")
]
Run = Annotated[str, typer.Argument(help="Run directory or its URL, finished or not.")]
Instruments = Annotated[
    str | None,
    typer.Option(
        help="TOML file of the instrument, or folder of SYMBOL.toml. [default: data/instruments]"
    ),
]
Config = Annotated[
    Path | None,
    typer.Option("--config", help="TOML or JSON file of the same options; the command line wins."),
]
VariationFilter = Annotated[
    str,
    typer.Option(help="rule: a variation is ranked where it counts by its rule. none: everywhere."),
]
Excel = Annotated[
    bool,
    typer.Option(
        "--excel", help="Write an Excel workbook, too; one that is there is kept current."
    ),
]
TableFormat = Annotated[
    Format,
    typer.Option("--format", help="auto: a table on a terminal, CSV in a pipe."),
]
