"""Trades of combinations in money."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli import arguments
from pipelines.cli.option_groups import Given, takes_settings
from pipelines.config.run_options import AccountOptions, ContractOptions
from pipelines.render.formats import Format


@takes_settings(AccountOptions, ContractOptions)
def account(
    given: Given,
    combinations: arguments.Combinations,
    rank: arguments.Rank = None,
    combo_id: arguments.ComboId = None,
    out: arguments.CsvFile = None,
    chart: Annotated[
        Path | None,
        typer.Option(help="HTML file to write: the balance, and how far equity fell below."),
    ] = None,
    table_format: arguments.TableFormat = Format.AUTO,
) -> None:
    """Show the trades of combinations in money.

    Lots, margin, drawdowns and worst days of an account; trades skipped or reduced.
    """
    from pipelines.inputs.output_checks import check_spares_runs
    from pipelines.render.csv_files import write_csv
    from pipelines.render.tables import terminal
    from pipelines.run.selected.charts import write_account_chart
    from pipelines.run.selected.show_account import account_statement, show_statement
    from pipelines.run.selected.traded import account_settings, combinations_of, contract_source

    options = given.values_of(AccountOptions, ContractOptions)
    settings = account_settings(options)
    source = contract_source(options["contracts"], options["program"])
    traded = combinations_of(combinations, rank, combo_id, source, settings.currency)
    check_spares_runs((out, chart), [one.run for one in traded.selected])
    found = account_statement(settings, traded)
    if out:
        write_csv(found.trades, out)
    if chart:
        write_account_chart(chart, found, traded, traded.notes)
    for path in filter(None, (out, chart)):
        typer.echo(f"written: {path}", err=True)
    show_statement(terminal(), found, traded.notes, table_format)
