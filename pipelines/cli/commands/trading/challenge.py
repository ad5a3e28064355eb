"""Odds of passing a prop firm's challenge."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli import arguments
from pipelines.cli.option_groups import Given, takes_settings
from pipelines.config.run_options import ClusterOptions, ContractOptions, WorkerOptions
from pipelines.render.formats import Format

if TYPE_CHECKING:
    from pipelines.run.selected.challenge import Terms

_WholeGrid = Annotated[
    bool,
    typer.Option(
        "--whole-grid",
        help="Count start dates that pass for every combination, for `ib-grid top --by`.",
    ),
]


@takes_settings(ContractOptions, WorkerOptions, ClusterOptions)
def challenge(
    given: Given,
    combinations: arguments.Combinations,
    rules: Annotated[
        str, typer.Option(help="Rule file, or the name of an example; see `ib-grid rules`.")
    ],
    risk_pct: Annotated[
        str,
        typer.Option(help="Risks to try, in percent of the initial balance, separated by commas."),
    ] = "0.25,0.5,1",
    horizon: Annotated[
        int | None,
        typer.Option(
            min=0, help="Session dates allowed to pass or fail; 0 for no limit. [default: 120]"
        ),
    ] = None,
    whole_grid: _WholeGrid = False,
    rank: arguments.Rank = None,
    combo_id: arguments.ComboId = None,
    chart: Annotated[
        Path | None,
        typer.Option(
            help="HTML file to write: odds by risk, start dates, equity with loss limits."
        ),
    ] = None,
    table_format: arguments.TableFormat = Format.AUTO,
) -> None:
    """Show the odds of passing a prop firm's challenge.

    A row for each risk per trade, with the odds of a coin beside them. Workers and clusters are for
    --whole-grid only.
    """
    from pipelines.run.selected.challenge import terms_of

    terms = terms_of(rules, risk_pct, given.values_of(ContractOptions))
    if whole_grid:
        of_one = {
            "--rank": rank,
            "--id": combo_id,
            "--horizon": horizon,
            "--chart": chart,
            "--format": None if table_format is Format.AUTO else table_format,
        }
        _check_whole_grid(combinations, of_one)
        _count(combinations[0], terms, given)
        return

    from pipelines.inputs.output_checks import check_spares_runs
    from pipelines.render.tables import terminal
    from pipelines.run.selected.challenge import challenge_odds, notes_on
    from pipelines.run.selected.charts import write_challenge_charts
    from pipelines.run.selected.show_challenge import show_odds
    from pipelines.run.selected.traded import combinations_of

    currency = terms.rules.currency
    traded = combinations_of(combinations, rank, combo_id, terms.contracts, currency)
    check_spares_runs([chart], [one.run for one in traded.selected])
    odds, notes = challenge_odds(terms, traded, horizon), notes_on(terms, traded)
    if chart:
        write_challenge_charts(chart, terms, odds, traded, notes)
        typer.echo(f"written: {chart}", err=True)
    show_odds(terminal(), terms.rules, odds, notes, table_format)


def _check_whole_grid(runs: list[str], of_one: Mapping[str, object]) -> None:
    """Refuse options of a single combination, which a count of all would ignore."""
    from ib_grid.errors import ConfigError
    from pipelines.render.combinations.selected import names_combination

    given = [name for name, value in of_one.items() if value is not None]
    if given:
        raise ConfigError(
            f"--whole-grid counts every combination; {' and '.join(given)} cannot be given",
            expected="one of the two",
        )
    if len(runs) > 1 or names_combination(runs[0]):
        raise ConfigError(
            "--whole-grid counts every combination of one run",
            location=" ".join(runs),
            expected="RUN alone, without a rank or an id",
        )


def _count(name: str, terms: Terms, given: Given) -> None:
    from rich.console import Console

    from ib_grid.account.stored_counts import stored_columns
    from ib_grid.runs.run import load_run
    from pipelines.cluster.clusters import choose_cluster
    from pipelines.config.configuration import load_settings
    from pipelines.run.selected.whole_grid import count_whole_grid

    run = load_run(name)
    settings = load_settings({"symbol": run.manifest.symbol, **given.options}, given.config_file)
    contract = terms.contracts.contract(run.manifest.symbol, terms.rules.currency)
    cluster, console = choose_cluster(settings), Console(stderr=True)
    folders = count_whole_grid(run, terms.rules, terms.accounts, contract, cluster, console)
    for folder in folders:
        typer.echo(f"written: {folder}", err=True)
    columns = [by for by, (folder, _) in stored_columns(run).items() if folder in folders]
    typer.echo(f"to sort by them: ib-grid top {shlex.quote(name)} --by {columns[0]}", err=True)
    for note in (*terms.contracts.warnings, *terms.warnings):
        typer.echo(note, err=True)
