"""Bars prepared from CSV files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pipelines.cli.option_groups import Given, takes_settings
from pipelines.config.run_options import DataOptions, InstrumentOptions

if TYPE_CHECKING:
    from rich.console import Console

    from ib_grid.market.csv.quality import QualityReport


_Timezone = Annotated[
    str | None,
    typer.Option(
        help="Time zone of times without an offset: an IANA name, UTC+2, or a zone plus hours"
        " such as America/New_York+7 for most MetaTrader servers."
    ),
]
_BarLabels = Annotated[
    Literal["open", "close"] | None,
    typer.Option(
        help="Meaning of a bar's time: its opening minute or its end. [default: that of the layout]"
    ),
]
_UnixTimes = Annotated[
    Literal["utc", "server"] | None,
    typer.Option(
        help="Clock of Unix times: UTC, or a server's wall clock that --timezone names."
        " [default: server for rates of MetaTrader's Python API, else utc]"
    ),
]


@takes_settings(InstrumentOptions, DataOptions)
def prepare(
    given: Given,
    csv: Annotated[
        list[Path],
        typer.Option(
            metavar="<path>",
            help="CSV file, ZIP archive or folder of them; may be repeated. Where files overlap,"
            " the last one counts; the files of a folder are taken by name.",
        ),
    ],
    more_csv: Annotated[
        list[Path] | None,
        typer.Argument(metavar="CSV", help="More CSV files, as in --csv *.csv."),
    ] = None,
    timezone: _Timezone = None,
    bar_labels: _BarLabels = None,
    unix_times: _UnixTimes = None,
    date_order: Annotated[
        Literal["day-first", "month-first"] | None,
        typer.Option(help="Order of dates such as 03/05/2024. [default: as the file shows]"),
    ] = None,
    skip_bad_rows: Annotated[
        int, typer.Option(min=0, help="Skip up to this many invalid rows and list them.")
    ] = 0,
    keep_flat: Annotated[
        bool,
        typer.Option(
            "--keep-flat", help="Keep bars without any price change that fill a whole session."
        ),
    ] = False,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Start over, without the bars prepared before."),
    ] = False,
) -> None:
    """Turn CSV files of one-minute bars into one Parquet file."""
    settings = given.settings()
    from ib_grid.market.csv import Options
    from pipelines.inputs.prepare import prepare_bars
    from pipelines.render.data.quality import show_quality
    from pipelines.render.tables import terminal

    options = Options(
        timezone=timezone,
        labels=bar_labels,
        unix_times=unix_times,
        date_order=date_order,
        skip_bad_rows=skip_bad_rows,
        keep_flat=keep_flat,
    )
    path, paths = settings.bars_file, [*csv, *(more_csv or [])]
    quality = prepare_bars(settings.instrument, paths, path, options, replace=replace)
    console = terminal()
    show_quality(console, quality, path)
    _note_unused_timezone(console, timezone, quality)


def _note_unused_timezone(console: Console, timezone: str | None, quality: QualityReport) -> None:
    if timezone and not quality.timezone:
        console.print(f"note: --timezone {timezone} was not needed; no time lacks an offset")
        if any(dict(source.decisions)["times"].startswith("Unix") for source in quality.sources):
            console.print("note: give --unix-times server if Unix times are a server's wall clock")
