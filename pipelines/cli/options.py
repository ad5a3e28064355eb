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
Symbol = Annotated[str | None, typer.Option(help=_SYMBOL)]
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
Data = Annotated[
    Path | None,
    typer.Option(help="One-minute bars as Parquet. [default: the symbol's in the data folder]"),
]
DataDir = Annotated[
    Path | None, typer.Option(help="Folder of the prepared files. [default: data/optimized]")
]
GridName = Annotated[
    str | None,
    typer.Option("--grid", help="standard, expanded or a TOML file of axes. [default: standard]"),
]
Execution = Annotated[
    str | None, typer.Option(help="Fills: realistic or original. [default: realistic]")
]
SpreadPoints = Annotated[
    float | None,
    typer.Option(
        help="Full spread, in points of price (for gold: dollars). [default: the instrument's]"
    ),
]
SlippagePoints = Annotated[float | None, typer.Option(help="Points of price lost at market fills.")]
CommissionPoints = Annotated[
    float | None, typer.Option(help="Points of price paid per round trip.")
]
Workers = Annotated[
    int | None,
    typer.Option(help="Worker processes. [default: as many as suit the machine, at most 90]"),
]
Scheduler = Annotated[
    str | None, typer.Option(help="Address of a running Dask scheduler to use instead.")
]
DashboardAddress = Annotated[
    str | None, typer.Option(help="Where the Dask dashboard listens. [default: any free port]")
]
Listen = Annotated[
    str | None,
    typer.Option(
        help="HOST:PORT where workers of other machines can join. [default: this machine alone]"
    ),
]
TlsCaFile = Annotated[
    Path | None,
    typer.Option(help="PEM file of the authority that signed the certificates; speaks TLS."),
]
TlsCert = Annotated[Path | None, typer.Option(help="PEM file of the certificate to show.")]
TlsKey = Annotated[Path | None, typer.Option(help="PEM file of that certificate's key.")]
Output = Annotated[
    str | None,
    typer.Option(
        help="Folder of the run directories, or a URL: s3://BUCKET/PREFIX. [default: results]"
    ),
]
RunDir = Annotated[str | None, typer.Option(help="Name of the run directory in the output folder.")]
Resume = Annotated[
    bool | None,
    typer.Option("--resume/--no-resume", help="Go on with a run begun before. [default: resume]"),
]
ChunkSize = Annotated[
    int | None, typer.Option(help="Combinations in a chunk, about. [default: as suits the workers]")
]
Columns = Annotated[
    str | None,
    typer.Option(
        help="Result columns to keep: all, or ranking: what the reports need. [default: all]"
    ),
]
KeepRows = Annotated[
    str | None,
    typer.Option(
        "--keep", help="Rows to keep, as a condition: 'total_trades >= 10'. [default: all]"
    ),
]
KeepTop = Annotated[
    str | None,
    typer.Option(help="Of these keep so many, the best by the ranking: 1e6. [default: all]"),
]
NewsPaths = Annotated[
    list[Path] | None,
    typer.Option(
        "--news", help="Calendar file or folder; may be repeated. [default: data/news if there]"
    ),
]
NewsFilter = Annotated[
    bool | None,
    typer.Option(
        "--news-filter/--no-news",
        help="Block entries near high-impact news. [default: news-filter]",
    ),
]
NewsBefore = Annotated[int | None, typer.Option(help="Minutes blocked before. [default: 2]")]
NewsAfter = Annotated[int | None, typer.Option(help="Minutes blocked after. [default: 2]")]
NewsCoverage = Annotated[
    str | None,
    typer.Option(help="full: a date without calendar stops. partial: it is said. [default: full]"),
]
NewsTimezone = Annotated[
    str | None, typer.Option(help="Clock of calendar times that name none. [default: the format's]")
]
NewsCurrency = Annotated[
    list[str] | None,
    typer.Option(help="Currency whose events block; may be repeated. [default: the instrument's]"),
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
