"""Commands from end to end on worker processes, and what is wrong about a run before it begins."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from tests.golden import MADE_UP

Command = Callable[..., tuple[int, str, str]]
BARS = MADE_UP / "GER40_synthetic_m1.parquet"
GRID = """
ib_sessions = ["08:00-08:30"]
ib_wait_minutes = [0]
trade_window_minutes = [60, 120]
ib_buffer_pct = [0.05, 0.1]
max_distance_pct = [0.5, 1.0]
rr_target = [1.0]
"""
WRONG_AXES = {
    "rr_target = []": "the axis has no value",
    "rr_target = [1.0, 1.0]": "names a value twice",
    "trade_window_minutes = [0]": "trade_window_minutes is 0",
    "rr_target = [-1]": "rr_target is -1",
    'stop_mode = ["middle"]': "stop_mode is 'middle'",
    "rr_targets = [1]": "unknown key rr_targets",
    "rr_target = 1": "rr_target is 1",
    'ib_sessions = ["09:00-08:00"]': "ends before it has begun",
    'ib_sessions = ["03:00-04:00"]': "no bar lies in any of the sessions",
    "rr_target = [": "not a TOML file",
}


@pytest.fixture
def settings(tmp_path: Path) -> tuple[object, ...]:
    grid = tmp_path / "small.toml"
    grid.write_text(GRID)
    return ("--symbol", "GER40", "--data", BARS, "--grid", grid, "--no-news")


def _run_folder(command_folder: Path) -> Path:
    (folder,) = (command_folder / "results").iterdir()
    return folder


@pytest.mark.cluster
def test_a_run_from_beginning_to_its_trades(
    ib_grid_command: Command, settings: tuple[object, ...], tmp_path: Path
) -> None:
    ranking = tmp_path / "ranking.toml"
    ranking.write_text("[ranking]\nmin_trades = 5\nweights = { recovery_factor = 1.0 }\n")
    own = ("--config", ranking)
    status, screen, said = ib_grid_command("run", *settings, "--workers", 2, *own, "--excel")
    assert status == 0, said
    assert "complete: the whole grid is computed" in screen
    assert "dashboard: http://127.0.0.1:" in said
    folder = _run_folder(Path.cwd())
    manifest = json.loads((folder / "run.json").read_text())
    assert manifest["state"] == "finished"
    assert manifest["attempts"][0]["compilations"]["workers"] == 0
    top = pd.read_csv(folder / "GER40_top_100.csv")
    assert (folder / "GER40_results.xlsx").is_file()

    # the same command again computes nothing, and reports the same ranking
    before = (folder / "GER40_top_100.csv").read_bytes()
    status, _, said = ib_grid_command("run", *settings, *own)
    assert (status, "nothing is computed again" in said) == (0, True)
    assert _run_folder(Path.cwd()) == folder
    relative = folder.relative_to(Path.cwd())
    status, screen, said = ib_grid_command("report", relative)
    assert (status, said) == (0, "")
    assert (folder / "GER40_top_100.csv").read_bytes() == before

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
def test_rows_are_the_same_whatever_the_workers_and_the_chunks(
    ib_grid_command: Command, settings: tuple[object, ...]
) -> None:
    options = {"one": (1, 10_000), "two": (2, 1)}
    for name, (workers, size) in options.items():
        how = ("--workers", workers, "--chunk-size", size, "--run-dir", name)
        status, _, said = ib_grid_command("run", *settings, *how)
        assert status == 0, said
    one, two = (
        pq.read_table(f"results/{name}/GER40_full_results.parquet").sort_by("combo_id")
        for name in options
    )
    assert one.num_rows == two.num_rows == 2 * 2 * 2 * 2 * 2 * 6
    assert one.equals(two)


@pytest.mark.cluster
def test_nothing_qualifies_and_all_ends_well(
    ib_grid_command: Command, settings: tuple[object, ...], tmp_path: Path
) -> None:
    ranking = tmp_path / "ranking.toml"
    ranking.write_text("[ranking]\nmin_trades = 100000\n")
    status, screen, _ = ib_grid_command("run", *settings, "--workers", 1, "--config", ranking)
    assert status == 0
    assert "Nothing is ranked" in screen
    assert not list(_run_folder(Path.cwd()).glob("*_best_params.json"))


def test_info_shows_what_there_is(ib_grid_command: Command, settings: tuple[object, ...]) -> None:
    status, screen, said = ib_grid_command("info", *settings)
    assert (status, said) == (0, "")
    assert "73,813 one-minute bars, 2024-02-15T06:00Z to 2024-11-19T21:58Z" in screen
    assert "192 combinations" in screen
    status, screen, _ = ib_grid_command("info", *settings[:-1])
    assert status == 0
    assert "a run would stop: the news filter is on and there is no calendar" in screen


@pytest.mark.parametrize(("axis", "message"), WRONG_AXES.items())
def test_a_wrong_grid_stops_a_run_before_it_begins(
    ib_grid_command: Command, settings: tuple[object, ...], axis: str, message: str
) -> None:
    grid = Path(str(settings[5]))
    grid.write_text(axis)
    status, screen, said = ib_grid_command("run", *settings)
    assert (status, screen) == (2, "")
    assert said.startswith("error: ")
    assert message in said
    assert not list(Path.cwd().iterdir())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--symbol", "DAX"), "'DAX' is unknown"),
        (("--symbol", "XAUUSD"), "sessions"),
        (("--grid", "huge"), "no grid 'huge'"),
        (("--workers", 0), "workers is 0"),
        (("--workers", -1), "workers is -1"),
        (("--chunk-size", 0), "chunk_size is 0"),
        (("--execution", "kind"), "execution is 'kind'"),
        (("--spread-points", "nan"), "spread_points is nan"),
        (("--data", "no.parquet"), "no.parquet"),
        (("--output", "/proc/none"), "/proc/none"),
        (("--config", "no.toml"), "no.toml"),
    ],
)
def test_a_wrong_option_stops_a_run_before_it_begins(
    ib_grid_command: Command,
    settings: tuple[object, ...],
    options: tuple[str, object],
    message: str,
) -> None:
    status, screen, said = ib_grid_command("run", *settings, *options)
    assert (status, screen) == (2, "")
    assert said.startswith("error: ")
    assert message in said
    assert not list(Path.cwd().iterdir())


def test_weights_that_do_not_sum_to_1(
    ib_grid_command: Command, settings: tuple[object, ...], tmp_path: Path
) -> None:
    ranking = tmp_path / "ranking.toml"
    ranking.write_text("[ranking]\nweights = { total_r = 0.5, winrate = 0.4 }\n")
    status, _, said = ib_grid_command("run", *settings, "--config", ranking)
    assert status == 2
    assert "the weights sum to 0.9" in said
    assert not list(Path.cwd().iterdir())
