"""The `ib-grid` application: all commands in the order of `--help`.

Only the module of the command that is asked for is imported.
"""

from __future__ import annotations

import importlib
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

import ib_grid
from pipelines.cli.choices import with_choices
from pipelines.cli.invalid_values import as_config_error

# Module of each command in `pipelines.cli.commands`, and the first line of its help. The module has
# a function, or a group of commands, of the same name.
COMMANDS = {
    "runs.demo": "Try ib-grid on a year of synthetic bars.",
    "data.instruments": "List the instruments, or show a description to start from.",
    "data.prepare": "Turn CSV files of one-minute bars into one Parquet file.",
    "data.levels": "Save the Initial Balance levels of all sessions of a symbol.",
    "runs.info": "Show bars, levels, grid size and expected running time.",
    "runs.run": "Backtest every combination of a grid. Run the same command again to resume.",
    "runs.report": "Write the report of a run again from its stored results.",
    "runs.verify": "Check the files of a run and recompute some of its rows.",
    "runs.robustness": "Test whether the selection of a run may be luck.",
    "runs.holdout": "Trade the selected combination on the held-out dates.",
    "search.top": "Show the best combinations of a run.",
    "search.show": "Show one combination of a run in detail.",
    "trading.export": "Write the parameters of a combination for a bot or for MT5.",
    "search.portfolio": "Trade combinations of one or more runs side by side.",
    "trading.account": "Show the trades of combinations in money.",
    "trading.challenge": "Show the odds of passing a prop firm's challenge.",
    "trading.rules": "List the rule files of prop firms.",
    "trading.stress": "Show what remains of a run at higher costs.",
    "search.compare": "Show how the best combinations of one run do in another.",
    "search.groups": "Show the best combination of each variation side by side.",
    "trading.trades": "Show or write every trade of one combination.",
    "glossary": "Explain the terms of the strategy and of the results.",
    "trading.news": "Show what the news filter blocks.",
}
_MODULES = {module.rpartition(".")[2]: module for module in COMMANDS}


def load_command(name: str) -> Any:
    """Import a command and build its options; return what click calls a command."""
    module = importlib.import_module(f"pipelines.cli.commands.{_MODULES[name]}")
    command = getattr(module, name)
    if isinstance(command, typer.Typer):
        return typer.main.get_group(command)
    single = typer.Typer(add_completion=False, rich_markup_mode=None)
    single.command(name)(with_choices(command))
    return typer.main.get_command(single)


class _Group(TyperGroup):
    """Group whose commands are a name and a line of help until they are asked for."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, module in _MODULES.items():
            self.add_command(TyperCommand(name, help=COMMANDS[module]))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Return the command that the first word names, and the other words."""
        name, _, rest = super().resolve_command(ctx, args)
        return name, load_command(name) if name else None, rest

    def invoke(self, ctx: Any) -> Any:
        """Run the command; a value that typer cannot convert is an error like any other."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as refused:
            error = as_config_error(refused)
            if error is None:
                raise
            raise error from refused


app = typer.Typer(
    name="ib-grid",
    cls=_Group,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


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
