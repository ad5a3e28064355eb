"""Instruments and their descriptions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ib_grid.errors import ConfigError
from ib_grid.storage.paths import parse_path


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
