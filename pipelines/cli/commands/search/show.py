"""One combination in detail."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ib_grid.errors import DataError
from pipelines.cli import arguments
from pipelines.render.formats import Format

if TYPE_CHECKING:
    from ib_grid.analysis import RunSource
    from pipelines.render.combinations.selected import Selected


def show(
    run: arguments.Run,
    rank: arguments.Rank = None,
    combo_id: arguments.ComboId = None,
    trades: Annotated[
        bool, typer.Option("--trades", help="Also list its trades; CSV then holds only the trades.")
    ] = False,
    chart: Annotated[
        Path | None,
        typer.Option(help="HTML file to write: equity curve, best and worst days."),
    ] = None,
    date: Annotated[
        str | None, typer.Option(help="With --chart: only this session date, YYYY-MM-DD.")
    ] = None,
    data: arguments.RunBars = None,
    table_format: arguments.TableFormat = Format.AUTO,
) -> None:
    """Show one combination of a run in detail."""
    from pipelines.inputs.output_checks import check_spares_runs
    from pipelines.render.combinations.selected import select
    from pipelines.render.combinations.show import (
        check_date,
        combination_facts,
        show_combination,
        write_combination_charts,
    )
    from pipelines.render.tables import terminal

    check_date(date, chart)
    selected = select(run, rank=rank, combo_id=combo_id)
    check_spares_runs([chart], [selected.run])
    source = _source(selected, data, needed=trades or chart is not None)
    facts = combination_facts(selected, source)
    if chart and source:
        figures = write_combination_charts(chart, facts, source, date)
        typer.echo(f"written: {chart}, {len(figures)} figures", err=True)
    show_combination(terminal(), facts, table_format, with_trades=trades)


def _source(selected: Selected, bars: Path | None, *, needed: bool) -> RunSource | None:
    """Return the source of the run; print a note and return None if it is missing but optional."""
    try:
        return selected.source(bars)
    except DataError as error:
        if needed or bars:
            raise
        where = f", {error.location}" if error.location else ""
        typer.echo(f"note: no results by year: {error.message}{where}", err=True)
        return None
