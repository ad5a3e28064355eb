"""From a run to its report and its trades through the command line."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.helpers.paths import GOLDEN

Command = Callable[..., tuple[int, str, str]]
BARS = GOLDEN / "GER40_synthetic" / "m1.parquet"
GRID = """
ib_sessions = ["08:00-08:30"]
ib_wait_minutes = [0]
trade_window_minutes = [60, 120]
ib_buffer_pct = [0.05, 0.1]
max_distance_pct = [0.5, 1.0]
rr_target = [1.0]
"""


@pytest.fixture
def settings(tmp_path: Path) -> tuple[object, ...]:
    grid = tmp_path / "small.toml"
    grid.write_text(GRID)
    return ("--symbol", "GER40", "--data", BARS, "--grid", grid, "--no-news")


def _run_folder(command_folder: Path) -> Path:
    (folder,) = (command_folder / "results").iterdir()
    return folder


def _report_files(folder: Path) -> dict[str, bytes]:
    """All but the workbook, which says when it was made."""
    paths = (p for p in folder.glob("GER40_*") if p.is_file() and p.suffix != ".xlsx")
    return {p.name: p.read_bytes() for p in paths}


@pytest.mark.cluster
def test_run_from_start_to_trades(
    ib_grid_command: Command,
    settings: tuple[object, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ranking = tmp_path / "ranking.toml"
    ranking.write_text("[ranking]\nmin_trades = 5\nweights = { recovery_factor = 1.0 }\n")
    own = ("--config", ranking)
    with monkeypatch.context() as patch:
        patch.setattr(
            "pipelines.cluster.executors.ROWS_PER_PROCESS", 1
        )  # its workers read the rows, too
        status, screen, said = ib_grid_command("run", *settings, "--workers", 2, *own, "--excel")
    assert status == 0, said
    assert "complete: the whole grid has been computed" in screen
    assert "dashboard: http://127.0.0.1:" in said
    folder = _run_folder(Path.cwd())
    manifest = json.loads((folder / "run.json").read_text())
    assert manifest["state"] == "finished"
    assert manifest["attempts"][0]["compilations"]["workers"] == 0
    top = pd.read_csv(folder / "GER40_top_100.csv")
    assert (folder / "GER40_results.xlsx").is_file()

    # the same command again computes nothing, and this process reports the same by itself
    before = _report_files(folder)
    assert len(before) > 8
    status, _, said = ib_grid_command("run", *settings, *own)
    assert (status, "is already complete" in said) == (0, True)
    assert _run_folder(Path.cwd()) == folder
    status, screen, said = ib_grid_command("report", folder.relative_to(Path.cwd()))
    assert (status, said) == (0, "")
    assert _report_files(folder) == before

    # the command that the summary names gives the trades of the best combination
    summary = (folder / "GER40_summary.txt").read_text()
    line = next(x for x in summary.splitlines() if x.strip().startswith("ib-grid trades"))
    words = shlex.split(line)
    assert words[words.index("--params") + 1] == str(folder / "GER40_best_params.json")
    status, _, said = ib_grid_command(*words[1:])
    assert status == 0, said
    trades = pd.read_csv("GER40_trades.csv")
    best = top.iloc[0]
    assert len(trades) == best["total_trades"]
    assert trades["r"].sum() == pytest.approx(best["total_r"], rel=1e-6)

    # a partition that is not as it was written is said, not reported
    part = next(folder.rglob("part-*.parquet"))
    content = bytearray(part.read_bytes())
    content[len(content) // 3] ^= 1
    part.write_bytes(content)
    status, _, said = ib_grid_command("report", folder)
    assert (status, said.startswith("error: ")) == (1, True)
    assert str(part) in said


@pytest.mark.cluster
def test_nothing_qualifies_without_error(
    ib_grid_command: Command, settings: tuple[object, ...], tmp_path: Path
) -> None:
    ranking = tmp_path / "ranking.toml"
    ranking.write_text("[ranking]\nmin_trades = 100000\n")
    status, screen, _ = ib_grid_command("run", *settings, "--workers", 1, "--config", ranking)
    assert status == 0
    assert "Nothing is ranked" in screen
    assert not list(_run_folder(Path.cwd()).glob("*_best_params.json"))


@pytest.mark.parametrize(
    ("words", "named_in_the_file", "some"),
    [
        (["--symbol", "DAX"], None, True),  # before it is known that there is no such symbol
        (["--symbol", "GER40"], "workers = 2", True),
        (["--symbol", "GER40"], 'scheduler = "tcp://127.0.0.1:9"', False),
        (["--symbol", "GER40", "--scheduler", "tcp://127.0.0.1:9"], None, False),
    ],
)
def test_workers_are_prepared_only_for_local_clusters(
    ib_grid_command: Command,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    named_in_the_file: str | None,
    some: bool,
) -> None:
    prepared: list[bool] = []
    monkeypatch.setattr(
        "pipelines.cluster.local.fork_server.start_fork_server", lambda: prepared.append(True)
    )
    if named_in_the_file:
        Path("config.toml").write_text(named_in_the_file)
        words = [*words, "--config", "config.toml"]
    status, _, said = ib_grid_command("run", *words, "--data", "absent.parquet")
    assert status == 2, said
    assert bool(prepared) == some
