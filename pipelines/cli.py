"""The command line, `ib-grid`: its commands, and what a person sees of an error."""

from __future__ import annotations

import sys

import typer

from ib_grid.errors import IbGridError
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


def main() -> None:
    """Run the command line; exit status 0 done, 1 failed, 2 wrong input."""
    try:
        app()
    except IbGridError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - the person's message
        sys.exit(error.exit_status)


if __name__ == "__main__":
    main()
