"""Odds of passing a prop firm's challenge."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.cli import arguments
from pipelines.cli.option_groups import Given, takes_settings
from pipelines.config.run_options import ClusterOptions, ContractOptions, WorkerOptions
from pipelines.render.formats import Format


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
    whole_grid: Annotated[
        bool,
        typer.Option(
            "--whole-grid",
            help="Count start dates that pass for every combination, for `ib-grid top --by`.",
        ),
    ] = False,
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

    A row for each risk per trade, with the odds of a coin beside them.
    """
    from ib_grid.account.challenge.odds import DEFAULT_HORIZON
    from ib_grid.account.challenge.rule_files import find_rules
    from pipelines.render.tables import terminal
    from pipelines.run.selected.challenge import notes_on, odds_by_risk
    from pipelines.run.selected.show_challenge import show_odds
    from pipelines.run.selected.traded import combinations_of, contract_source, risks_of, today

    options = given.values_of(ContractOptions)
    found, risks = find_rules(rules), risks_of(risk_pct)
    source = contract_source(options["contracts"], options["program"], found)
    if whole_grid:
        _check_whole_grid(
            {"--rank": rank, "--id": combo_id, "--horizon": horizon, "--chart": chart}
        )
        _count(combinations, found, source, risks, options["max_margin_pct"], given)
        return
    traded = combinations_of(combinations, rank, combo_id, source, found.currency)
    limit = DEFAULT_HORIZON if horizon is None else horizon or None
    odds = odds_by_risk(found, traded, risks, options["max_margin_pct"], limit)
    notes = [*traded.notes, *notes_on(found, traded), *found.warnings(today())]
    if chart:
        _write_charts(chart, found, odds, traded, options["max_margin_pct"], notes)
    show_odds(terminal(), found, odds, notes, table_format)


def _write_charts(chart: Path, rules: Any, odds: Any, traded: Any, *more: Any) -> None:
    from pipelines.inputs.output_checks import check_spares_run
    from pipelines.run.selected.charts import write_challenge_charts

    for one in traded.selected:
        check_spares_run(chart, one.run)
    write_challenge_charts(chart, rules, odds, traded, *more)
    typer.echo(f"written: {chart}", err=True)


def _check_whole_grid(others: dict[str, object]) -> None:
    """Refuse options of a single combination, which a count of all would ignore."""
    from ib_grid.errors import ConfigError

    given = [name for name, value in others.items() if value is not None]
    if given:
        raise ConfigError(
            f"--whole-grid counts every combination; {' and '.join(given)} cannot be given",
            expected="one of the two",
        )


def _count(
    runs: list[str],
    rules: Any,
    source: Any,
    risks: tuple[float, ...],
    max_margin_pct: float,
    given: Given,
) -> None:
    from rich.console import Console

    from ib_grid.account.stored_counts import stored_columns
    from ib_grid.errors import ConfigError
    from ib_grid.runs.run import load_run
    from pipelines.cluster.clusters import choose_cluster
    from pipelines.config.configuration import load_settings
    from pipelines.render.combinations.selected import names_combination
    from pipelines.run.selected.traded import account_of_rules, today
    from pipelines.run.selected.whole_grid import count_whole_grid

    if len(runs) > 1 or names_combination(runs[0]):
        raise ConfigError(
            "--whole-grid counts every combination of one run",
            location=" ".join(runs),
            expected="RUN alone, without a rank or an id",
        )
    run = load_run(runs[0])
    settings = load_settings({"symbol": run.manifest.symbol, **given.options}, given.config_file)
    accounts = [account_of_rules(rules, risk, max_margin_pct) for risk in risks]
    contract = source.contract(run.manifest.symbol, rules.currency)
    console = Console(stderr=True)
    cluster = choose_cluster(settings)
    folders = count_whole_grid(run, rules, accounts, contract, cluster, console)
    for folder in folders:
        typer.echo(f"written: {folder}", err=True)
    names = [name for name, (folder, _) in stored_columns(run).items() if folder in folders]
    typer.echo(f"to sort by them: ib-grid top {runs[0]} --by {names[0]}", err=True)
    for note in (*source.contracts.warnings(), *rules.warnings(today())):
        typer.echo(note, err=True)
