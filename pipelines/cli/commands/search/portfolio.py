"""Several combinations side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli import arguments
from pipelines.render.formats import Format


def portfolio(
    combinations: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN[:ID|@RANK]...", help="Combinations to trade; RUN alone is its rank 1."
        ),
    ],
    weight: Annotated[
        list[float] | None,
        typer.Option(
            help="Weight of a combination, above 0; once for each, in order. [default: 1]"
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="CSV file to write, one row per date.")] = None,
    chart: Annotated[Path | None, typer.Option(help="HTML file to write.")] = None,
    table_format: arguments.TableFormat = Format.AUTO,
) -> None:
    """Trade combinations of one or more runs side by side.

    The table shows total R, drawdowns and correlations; CSV holds every session date.
    """
    from pipelines.inputs.output_checks import check_spares_runs
    from pipelines.render.combinations.portfolio import (
        build_portfolio,
        daily_rows,
        notes_of,
        show_portfolio,
        write_portfolio_chart,
    )
    from pipelines.render.combinations.selected import select_by_text
    from pipelines.render.csv_files import write_csv
    from pipelines.render.tables import terminal

    selected = [select_by_text(text) for text in combinations]
    check_spares_runs((out, chart), [one.run for one in selected])
    found = build_portfolio(selected, weight or [])
    notes = notes_of(selected, found)
    if out:
        write_csv(daily_rows(found), out)
    if chart:
        write_portfolio_chart(chart, found, notes)
    for path in filter(None, (out, chart)):
        typer.echo(f"written: {path}", err=True)
    show_portfolio(terminal(), found, notes, table_format)
