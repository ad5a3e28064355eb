"""Options of one of a few words: the help lists the words, and a misspelt one is suggested."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ib_grid.analysis.selection.top import SORTABLE
from ib_grid.grid.variations import VARIATIONS


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("top", "r", "--format", "tabel"),
            "error: invalid value 'tabel'\n  in --format\n  expected: auto, table, csv or json\n"
            "  to do: did you mean table?\n",
        ),
        (
            ("export", "r", "--out", "x", "--format", "mt4"),
            "error: invalid value 'mt4'\n  in --format\n  expected: json, set or py\n",
        ),
        (
            ("report", "r", "--variation-filter", "rul"),
            "error: invalid value 'rul'\n  in --variation-filter\n  expected: rule or none\n"
            "  to do: did you mean rule?\n",
        ),
    ],
)
def test_an_unknown_word_is_refused_with_the_known_ones(
    ib_grid_command: Callable[..., tuple[int, str, str]], words: tuple[str, ...], said: str
) -> None:
    assert ib_grid_command(*words) == (2, "", said)


def test_help_lists_the_columns_to_sort_by(
    ib_grid_command: Callable[..., tuple[int, str, str]],
) -> None:
    _, screen, _ = ib_grid_command("top", "--help")
    listed = set(screen.replace(",", " ").replace(";", " ").replace(".", " ").split())
    variations = {f"{name.lower()}_" for name in VARIATIONS}
    own = {name for name in SORTABLE if not name.startswith(tuple(variations))}
    assert own | variations <= listed


@pytest.mark.parametrize(
    ("command", "listed"),
    [
        ("trades", "--engine <fast|reference>"),
        ("report", "--variation-filter <rule|none>"),
        ("groups", "--rank-by <total_r|sharpe_ratio|recovery|score>"),
        ("show", "--format <auto|table|csv|json>"),
    ],
)
def test_help_lists_the_words(
    ib_grid_command: Callable[..., tuple[int, str, str]], command: str, listed: str
) -> None:
    status, screen, _ = ib_grid_command(command, "--help")
    assert status == 0
    assert listed in " ".join(screen.split())


def test_list_of_commands_is_whole_in_80_columns(
    ib_grid_command: Callable[..., tuple[int, str, str]],
) -> None:
    _, screen, _ = ib_grid_command("--help")
    _, commands = screen.split("Commands:")
    assert all(line.endswith(".") for line in commands.split("\n") if line)
