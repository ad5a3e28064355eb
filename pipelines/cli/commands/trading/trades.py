"""Trades of one combination."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from ib_grid.storage.paths import parse_path
from pipelines.cli import arguments
from pipelines.cli.option_groups import Given, takes_settings
from pipelines.config.run_options import (
    DataOptions,
    DateOptions,
    ExecutionOptions,
    InstrumentOptions,
    NewsOptions,
)
from pipelines.render import formats


@takes_settings(InstrumentOptions, DataOptions, DateOptions, ExecutionOptions, NewsOptions)
def trades(
    given: Given,
    params: arguments.Params,
    out: arguments.CsvFile = None,
    engine: Annotated[
        Literal["fast", "reference"],
        typer.Option(help="fast: compiled. reference: plain Python, slow."),
    ] = "fast",
    clock: Annotated[
        str | None,
        typer.Option(
            help="Clock of the local times beside UTC, such as America/New_York+7. [default: the"
            " time zone of the session]"
        ),
    ] = None,
    table_format: arguments.TableFormat = formats.Format.AUTO,
) -> None:
    """Show or write every trade of one combination."""
    settings = given.settings()
    from ib_grid.market.clock import local_clock
    from pipelines.inputs import combination as of_one
    from pipelines.inputs.output_checks import check_not_an_input
    from pipelines.render.csv_files import write_csv
    from pipelines.render.data.tables import show_trades, with_local_times
    from pipelines.render.provenance import fills_text
    from pipelines.render.tables import terminal

    params_file = parse_path(params)
    combination = of_one.load_combination(settings, params_file)
    zone = combination.params.ib_timezone if clock is None else clock
    local = local_clock(zone, "--clock")
    found = with_local_times(of_one.combination_trades(combination, engine), local)
    fills = fills_text(combination.context.execution)
    typer.echo(f"{fills[:1].upper()}{fills[1:]}.", err=True)
    for line in of_one.notes_of(combination, settings):
        typer.echo(line, err=True)
    if out:
        check_not_an_input(out, [params_file, settings.bars_file, *settings.news])
        write_csv(found, out)
        typer.echo(f"{len(found)} trades, total {found['r'].sum():.2f} R, written: {out}", err=True)
    else:
        show_trades(terminal(), found, table_format)
