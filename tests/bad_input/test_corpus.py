"""Every file of the corpus of bad input, read by the command that a person would use."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.input_files.bad_files import CORPUS, Case, cases
from tests.helpers.runs import small_runs

_RUN = f"run --symbol GER40 --data {shlex.quote(str(small_runs.BARS))}"
COMMANDS = {
    "bars": "prepare --symbol GER40 --csv",
    "calendars": f"{_RUN} --news",
    "configurations": "run --config",
    "grids": f"{_RUN} --no-news --grid",
    "parameters": f"{_RUN.replace('run', 'trades', 1)} --no-news --params",
}
CASES = {(kind, case.name): case for kind in COMMANDS for case in cases(kind)}

Command = Callable[..., tuple[int, str, str]]


def files_of(folder: Path) -> dict[Path, bytes]:
    """Return every file below a folder with its content, and every folder with None."""
    return {path: path.read_bytes() if path.is_file() else b"" for path in folder.rglob("*")}


def test_every_kind_of_the_corpus_has_a_command() -> None:
    assert {path.stem for path in CORPUS.iterdir()} == set(COMMANDS)


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_corpus_file_is_refused_with_its_message(
    kind: str, name: str, ib_grid_command: Command
) -> None:
    case: Case = CASES[kind, name]
    Path(name).write_bytes(case.content)
    before = files_of(Path.cwd())
    status, out, err = ib_grid_command(*shlex.split(f"{COMMANDS[kind]} {name} {case.options}"))
    assert case.is_said_in(err), err
    assert (status, out) == (2, "")
    assert files_of(Path.cwd()) == before
