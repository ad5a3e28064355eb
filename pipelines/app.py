"""The commands of `ib-grid`, put together."""

from __future__ import annotations

import typer

from pipelines.commands import bars, combinations, results, runs

app = typer.Typer(
    name="ib-grid",
    help="Backtest every parameter combination of the Initial Balance strategy.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (
    bars.prepare,
    bars.levels,
    runs.run,
    runs.info,
    results.report,
    combinations.trades,
    runs.demo,
):
    app.command()(command)

news_app = typer.Typer(help="The news filter.", no_args_is_help=True, rich_markup_mode=None)
news_app.command()(combinations.check)
app.add_typer(news_app, name="news")
