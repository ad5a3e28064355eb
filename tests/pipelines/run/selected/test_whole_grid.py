"""Counts of start dates for a whole grid, computed by workers and resumed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ib_grid.account.challenge.rule_files import find_rules
from ib_grid.account.money.contracts import read_contracts
from ib_grid.account.stored_counts import counts_path, read_counts, stored_columns
from ib_grid.analysis import load_run, top
from pipelines.run.selected import whole_grid
from tests.helpers.runs.computed_runs import computed_run

Command = Callable[..., tuple[int, str, str]]
NAME = "ftmo_2step_2_passed"

_INTERRUPT_IN_COMPILER = """
import os
import signal
import sys
from pipelines.cli.main import main
from pipelines.run.selected import whole_grid

def compile(*_):
    try:
        os.kill(os.getpid(), signal.SIGINT)
    except KeyboardInterrupt:
        pass  # as a compiler may

whole_grid.counts_of_chunk = compile
main()
"""


@pytest.mark.cluster
def test_counts_are_stored_sorted_by_and_resumed(
    tmp_path: Path, ib_grid_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_dir = computed_run(tmp_path)
    asked = ("challenge", run_dir, "--rules", "ftmo_2step", "--whole-grid", "--risk-pct")
    status, out, said = ib_grid_command(*asked, "2", "--workers", 2)
    assert (status, out) == (0, "")
    assert f"--by {NAME}" in said
    run = load_run(run_dir)
    folder, column = stored_columns(run)[NAME]
    counts = read_counts(folder, column, run.plan)
    assert (counts >= 0).all()
    best = top(run, NAME, 3)
    assert best[NAME].tolist() == sorted(counts, reverse=True)[:3]

    missing, damaged = counts_path(folder, 2), counts_path(folder, 5)
    before = missing.read_bytes()
    missing.unlink()
    damaged.write_bytes(damaged.read_bytes()[:-20])
    again: list[int] = []
    compute = whole_grid._compute
    monkeypatch.setattr(
        whole_grid,
        "_compute",
        lambda work, chunks, *a: again.extend(chunks) or compute(work, chunks, *a),
    )
    assert ib_grid_command(*asked, "2", "--workers", 1)[0] == 0
    assert again == [2, 5]
    assert missing.read_bytes() == before
    assert (read_counts(folder, column, run.plan) == counts).all()

    again.clear()
    assert ib_grid_command(*asked, "2,3", "--workers", 1)[0] == 0
    assert again == list(range(len(run.plan)))  # of the new risk alone


def killed_once(index: int, work: whole_grid.CountsWork) -> int:
    with contextlib.suppress(FileExistsError):
        Path(work.folder.parents[2], "killed").touch(exist_ok=False)
        os.kill(os.getpid(), signal.SIGKILL)
    return whole_grid.count_chunk(index, work)


@pytest.mark.cluster
def test_a_chunk_of_a_dead_worker_is_counted_by_another(
    tmp_path: Path, ib_grid_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_dir = computed_run(tmp_path)
    monkeypatch.setattr(whole_grid, "count_chunk", killed_once)
    asked = ("challenge", run_dir, "--rules", "ftmo_2step", "--whole-grid", "--risk-pct", "2")
    status, _, said = ib_grid_command(*asked, "--workers", 2)
    assert status == 0, said
    assert (run_dir / "killed").exists()
    assert NAME in stored_columns(load_run(run_dir))


def test_an_interrupt_is_not_lost_in_the_compiler(tmp_path: Path) -> None:
    words = ("challenge", computed_run(tmp_path), "--rules", "ftmo_2step", "--whole-grid")
    done = subprocess.run(
        [sys.executable, "-c", _INTERRUPT_IN_COMPILER, *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 130
    assert done.stderr == f"{whole_grid._INTERRUPTED}\n"


def test_other_input_has_another_fingerprint(tmp_path: Path) -> None:
    run = load_run(computed_run(tmp_path))
    rules = find_rules("ftmo_2step")
    contracts = read_contracts(rules.contracts)
    prints = {
        whole_grid._work(
            run,
            find_rules(name),
            rules.account(risk),
            contracts.contract("GER40", currency, program),
        ).fingerprint
        for name, risk, currency, program in [
            ("ftmo_2step", 1.0, "USD", "standard"),
            ("ftmo_2step", 0.5, "USD", "standard"),
            ("ftmo_1step", 1.0, "USD", "standard"),
            ("ftmo_2step", 1.0, "EUR", "standard"),
            ("ftmo_2step", 1.0, "USD", "swing"),
        ]
    }
    assert len(prints) == 5
