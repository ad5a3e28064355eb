"""Parameters of a combination for a bot or MT5."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli import arguments
from pipelines.render.formats import ExportFormat


def export(
    run: arguments.Run,
    rank: arguments.Rank = None,
    combo_id: arguments.ComboId = None,
    out: Annotated[
        Path | None,
        typer.Option(help="File to write, needed for a set file. [default: print to the screen]"),
    ] = None,
    file_format: Annotated[
        ExportFormat | None,
        typer.Option(
            "--format",
            help="json: for trades --params. set: inputs of an MT5 Expert Advisor. py: a Python"
            " module with a frozen dataclass. [default: by the file's suffix, else json]",
        ),
    ] = None,
    clock: Annotated[
        str | None,
        typer.Option(
            help="Clock of the times in a set or py file, such as America/New_York+7 for most"
            " MetaTrader servers. [default: the time zone of the session]"
        ),
    ] = None,
) -> None:
    """Write the parameters of a combination for a bot or for MT5."""
    from ib_grid.market.clock import local_clock
    from ib_grid.storage.timestamps import utc_today
    from pipelines.inputs.output_checks import check_spares_runs
    from pipelines.render.combinations.broker_clock import broker_times
    from pipelines.render.combinations.export import export_text, format_of, write_export
    from pipelines.render.combinations.selected import select

    selected = select(run, rank=rank, combo_id=combo_id)
    check_spares_runs([out], [selected.run])
    times = None
    if clock is not None:
        times = broker_times(selected.params, local_clock(clock, "--clock"), utc_today())
    if out is None:
        typer.echo(export_text(selected, file_format or ExportFormat.JSON, times), nl=False)
        return
    write_export(selected, file_format or format_of(out), out, times)
    typer.echo(f"written: {out}, {selected.name}", err=True)
