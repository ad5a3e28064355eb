"""The commands of `ib-grid`, put together."""

from __future__ import annotations

from typing import Annotated

import typer

import ib_grid
from pipelines.cli.commands import bars, combinations, glossary, results, runs, searching, sets

app = typer.Typer(
    name="ib-grid",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (
    bars.instruments,
    bars.prepare,
    bars.levels,
    runs.run,
    runs.info,
    results.report,
    results.verify,
    searching.top,
    sets.show,
    sets.export,
    sets.portfolio,
    searching.compare,
    searching.groups,
    combinations.trades,
    runs.demo,
    glossary.glossary,
):
    app.command()(command)

news_app = typer.Typer(help="The news filter.", no_args_is_help=True, rich_markup_mode=None)
news_app.command()(combinations.check)
app.add_typer(news_app, name="news")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ib-grid {ib_grid.__version__}")
        raise typer.Exit


@app.callback()
def _shared(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Backtest every parameter combination of the Initial Balance strategy."""
