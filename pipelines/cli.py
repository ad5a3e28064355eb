"""The command line, `ib-grid`: options to settings, settings to the parts that do the work."""

from __future__ import annotations

import sys

import typer

from ib_grid.errors import IbGridError

app = typer.Typer(
    name="ib-grid",
    help="Backtest every parameter combination of the Initial Balance strategy.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run the command line; exit status 0 done, 1 failed, 2 wrong input."""
    try:
        app()
    except IbGridError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - the person's message
        sys.exit(error.exit_status)


if __name__ == "__main__":
    main()
