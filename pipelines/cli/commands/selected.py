"""A selected combination of a run: show, export, portfolio."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ib_grid.errors import DataError
from pipelines.cli import arguments
from pipelines.render.formats import ExportFormat, Format

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
    from pipelines.inputs.output_checks import check_spares_run
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
    if chart:
        check_spares_run(chart, selected.run)
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


def export(
    run: arguments.Run,
    out: Annotated[Path, typer.Option(help="File to write.")],
    rank: arguments.Rank = None,
    combo_id: arguments.ComboId = None,
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
    import datetime as dt

    from ib_grid.market.clock import local_clock
    from pipelines.inputs.output_checks import check_spares_run
    from pipelines.render.combinations.broker_clock import broker_times
    from pipelines.render.combinations.export import format_of, write_export
    from pipelines.render.combinations.selected import select

    selected = select(run, rank=rank, combo_id=combo_id)
    check_spares_run(out, selected.run)
    today = dt.datetime.now(dt.UTC).date()
    times = None
    if clock is not None:
        times = broker_times(selected.params, local_clock(clock, "--clock"), today)
    write_export(selected, file_format or format_of(out), out, times)
    typer.echo(f"written: {out}, {selected.name}", err=True)


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
    from pipelines.inputs.output_checks import check_spares_run
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
    for path in filter(None, (out, chart)):
        for one in selected:
            check_spares_run(path, one.run)
    found = build_portfolio(selected, weight or [])
    notes = notes_of(selected, found)
    if out:
        write_csv(daily_rows(found), out)
    if chart:
        write_portfolio_chart(chart, found, notes)
    for path in filter(None, (out, chart)):
        typer.echo(f"written: {path}", err=True)
    show_portfolio(terminal(), found, notes, table_format)
