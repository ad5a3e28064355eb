"""The `ib-grid` application: all commands in the order of `--help`."""

from __future__ import annotations

from typing import Annotated

import typer

import ib_grid
from pipelines.cli.choices import with_choices
from pipelines.cli.commands import (
    account,
    compare,
    data,
    glossary,
    groups,
    results,
    runs,
    selected,
    top,
    trades,
)

app = typer.Typer(
    name="ib-grid",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (
    runs.demo,
    data.instruments,
    data.prepare,
    data.levels,
    runs.info,
    runs.run,
    results.report,
    results.verify,
    results.robustness,
    results.holdout,
    top.top,
    selected.show,
    selected.export,
    selected.portfolio,
    account.account,
    account.challenge,
    account.rules,
    account.stress,
    compare.compare,
    groups.groups,
    trades.trades,
    glossary.glossary,
):
    app.command()(with_choices(command))

news_app = typer.Typer(
    help="Show what the news filter blocks.", no_args_is_help=True, rich_markup_mode=None
)
news_app.command()(with_choices(trades.check))
app.add_typer(news_app, name="news")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ib-grid {ib_grid.__version__}")
        raise typer.Exit


@app.callback()
def _shared(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Backtest every parameter combination of the Initial Balance strategy."""
