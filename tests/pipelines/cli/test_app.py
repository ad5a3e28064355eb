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
        (
            ("robustness", "r", "--draws", "0"),
            "draws is '0'\n  in --draws\n  expected: 1 or more",
        ),
        (
            ("robustness", "r", "--draws", "1.5"),
            "draws is '1.5'\n  in --draws\n  expected: a whole number, 1 or more",
        ),
        (
            ("account", "r", "--risk-pct", "abc"),
            "risk_pct is 'abc'\n  in --risk-pct\n  expected: a percentage above 0 and at most 100,"
            " such as 1",
        ),
        (
            ("groups", "r", "--max-drawdown", "a"),
            "max_drawdown is 'a'\n  in --max-drawdown\n  expected: a number, 0 or more",
        ),
        (
            ("run", "--symbol", "GER40", "--from", "2018-13-01"),
            "--from is '2018-13-01'\n  in --from\n  expected: a date such as 2018-01-31",
        ),
    ],
)
def test_an_invalid_number_or_date_is_an_error_like_any_other(
    ib_grid_command: Command, words: tuple[str, ...], message: str
) -> None:
    assert ib_grid_command(*words) == (2, "", f"error: {message}\n")


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
