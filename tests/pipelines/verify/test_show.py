"""Output of a verification: text for a person, JSON for a script."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from pipelines.verify import Check, Verification
from pipelines.verify.show import progress_printer, show_verification
from tests.helpers.runs.computed_runs import change_manifest, computed_run, files, rewrite

Command = Callable[..., tuple[int, str, str]]
HOLDS = Check(name="run.json", checked=1, total=1, unit="file")
WRONG = Check(
    name="partition files", checked=1234, total=1235, unit="files", problems=("a: b", "c")
)
UNCHECKED = Check(name="rows", checked=0, total=2, unit="rows", unchecked="there are no bars")


def shown(*checks: Check, terminal: bool = False, width: int = 80) -> str:
    text = io.StringIO()
    console = Console(
        file=text, width=width, force_terminal=terminal, markup=False, highlight=False
    )
    show_verification(console, Verification(checks=checks, notes=("[b]a note",)))
    return text.getvalue()


def test_statuses() -> None:
    for checks, status in (((HOLDS,), 0), ((HOLDS, UNCHECKED), 3), ((UNCHECKED, WRONG), 1)):
        assert Verification(checks=checks).exit_status == status


def test_plain() -> None:
    assert shown(HOLDS, WRONG, UNCHECKED).splitlines() == [
        "run.json: 1 of 1 file, passed",
        "partition files: 1,234 of 1,235 files, failed",
        "rows: 0 of 2 rows, not checked",
        "problem: a: b",
        "problem: c",
        "not checked: there are no bars",
        "note: [b]a note",
        "FAILED: 2 problems found.",
    ]
    assert shown(HOLDS).endswith("All checks passed.\n")
    assert shown(UNCHECKED).endswith("No problems found, but not everything could be checked.\n")


def test_a_terminal_gets_a_table() -> None:
    text = shown(HOLDS, WRONG, UNCHECKED, terminal=True)
    assert "1,234 of 1,235" in text
    assert "\x1b[" in text
    assert "─" in text


def test_a_narrow_terminal_gets_whole_words() -> None:
    text = shown(HOLDS, WRONG, terminal=True, width=30)
    assert "partition files: 1,234 of 1,235 files, failed" in " ".join(text.split())
    assert "─" not in text


def test_progress_lines_are_occasional() -> None:
    now = 0.0
    text = io.StringIO()
    tell = progress_printer(Console(file=text, width=80), clock=lambda: now)
    for done in range(1, 13):
        now += 1.0
        tell("files", done, 12)
    assert text.getvalue().splitlines() == ["5 of 12 files", "10 of 12 files"]


def test_the_command(ib_grid_command: Command, tmp_path: Path) -> None:
    run = computed_run(tmp_path)
    status, screen, said = ib_grid_command("verify", run, "--sample", 3, "--seed", 7)
    assert (status, said) == (0, "")
    assert "recomputed metrics: 3 of 3 combinations, passed" in screen
    assert screen.endswith("Repeat this sample with --sample 3 --seed 7.\n")
    _, screen, _ = ib_grid_command("verify", run, "--sample", 1)
    assert "Repeat this sample with --sample 1 --seed " in screen

    moved = (tmp_path / "bars.parquet").rename(tmp_path / "moved.parquet")
    status, screen, _ = ib_grid_command("verify", run, "--sample", 1)
    assert (status, "not checked: the bars of this run are missing" in screen) == (3, True)
    status, screen, _ = ib_grid_command("verify", run, "--sample", 1, "--data", moved)
    assert (status, "All checks passed." in screen) == (0, True)

    rewrite(run, 0, add=1.0)
    status, screen, _ = ib_grid_command("verify", run, "--sample", 99, "--data", moved)
    assert (status, "problem: combination 0: total_r is " in screen) == (1, True)

    change_manifest(run, state="interrupted")
    files(run)[0].unlink()
    status, _, _ = ib_grid_command("verify", run, "--sample", 0)
    assert status == 3


@pytest.mark.parametrize("place", ["", "nowhere"])
def test_no_run(ib_grid_command: Command, tmp_path: Path, place: str) -> None:
    status, screen, said = ib_grid_command("verify", tmp_path / place)
    assert (status, screen) == (2, "")
    assert said.startswith("error: run.json cannot be read")
