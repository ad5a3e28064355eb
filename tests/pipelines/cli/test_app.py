"""The table of commands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.cli import app
from tests.helpers.command_lines import IB_GRID
from tests.helpers.paths import ROOT

Command = Callable[..., tuple[int, str, str]]


def test_list_of_commands_repeats_the_first_lines_of_help() -> None:
    helps = [str(command.help) for command in IB_GRID.commands.values()]
    assert list(app.COMMANDS.values()) == [text.partition("\n")[0] for text in helps]


def test_every_module_is_in_the_table() -> None:
    folder = ROOT / "pipelines" / "cli" / "commands"
    modules = [path.relative_to(folder) for path in folder.rglob("[!_]*.py")]
    assert sorted(app.COMMANDS) == sorted(
        ".".join(Path(one).with_suffix("").parts) for one in modules
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("rnu",), "No such command 'rnu'. Did you mean 'run'?"),
        (("nothing-like-it",), "No such command 'nothing-like-it'."),
        (("news", "chekc"), "No such command 'chekc'. Did you mean 'check'?"),
    ],
)
def test_misspelt_words_are_suggested(
    ib_grid_command: Command, words: tuple[str, ...], message: str
) -> None:
    status, screen, said = ib_grid_command(*words)
    assert (status, screen, said.splitlines()[-1]) == (2, "", f"Error: {message}")
