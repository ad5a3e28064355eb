"""Robustness tests of a computed run, made into its directory."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from ib_grid.analysis import load_run
from ib_grid.errors import ConfigError
from ib_grid.grid.scoring import RankingSettings
from ib_grid.robustness.assembly import results_of
from ib_grid.robustness.conclusion.robustness_file import read_robustness
from ib_grid.robustness.plan import RobustnessSettings, plan_tests
from ib_grid.robustness.results import Robustness
from ib_grid.robustness.rounds import run_rounds
from ib_grid.robustness.selection_tests import robustness_tests
from ib_grid.runs.manifest import read_manifest
from pipelines.cluster.executors import SERIAL_EXECUTOR, Executor
from pipelines.run.selected.robustness.make import make_missing, make_robustness
from pipelines.run.selected.robustness.on_workers import each_chunk_on
from tests.helpers.machines.thread_executor import thread_executor
from tests.helpers.runs.computed_runs import change_manifest, computed_run

SMALL = RobustnessSettings(
    draws=9, null_draws=3, resamples=20, blocks=4, in_sample_months=1, seed=3
)
Command = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return computed_run(tmp_path_factory.mktemp("tested"))


def quiet() -> Console:
    return Console(file=io.StringIO())


def test_results_are_those_of_the_library(run_dir: Path) -> None:
    source = load_run(run_dir).source
    found, concluded, path = make_robustness(run_dir, source, SMALL, quiet())
    assert found == robustness_tests(load_run(run_dir), SMALL)
    assert read_robustness(run_dir, read_manifest(run_dir)) == found
    content = json.loads(path.read_text())
    assert content["fingerprint"] == read_manifest(run_dir).fingerprint
    assert content["verdict"] == json.loads(json.dumps(dataclasses.asdict(concluded)))


@pytest.mark.parametrize("n_processes", [2, 20])
def test_any_number_of_workers_gives_the_same_bits(run_dir: Path, n_processes: int) -> None:
    done: list[None] = []
    with thread_executor(n_processes) as several:
        assert on(several, run_dir, n_processes, done) == on(SERIAL_EXECUTOR, run_dir, 1, done)


def on(executor: Executor, run_dir: Path, n_processes: int, done: list[None]) -> Robustness:
    source, ranking = load_run(run_dir).source, RankingSettings(min_trades=1)
    plan = plan_tests(source.grid, source.context.market, ranking, SMALL)
    each = each_chunk_on(executor, source.context, plan, n_processes, lambda: done.append(None))
    return results_of(source.context, plan, run_rounds(each), ranking, SMALL)


def test_a_finished_run_is_tested_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_dir = computed_run(tmp_path)
    source, ranking = load_run(run_dir).source, RankingSettings(min_trades=1)
    monkeypatch.setattr("pipelines.run.selected.robustness.make.RobustnessSettings", lambda: SMALL)
    make_missing(run_dir, source, quiet(), ranking, None)
    (path,) = run_dir.glob("*_robustness.json")
    first = path.stat().st_mtime_ns
    make_missing(run_dir, source, quiet(), ranking, None)
    assert path.stat().st_mtime_ns == first
    make_missing(run_dir, source, quiet(), RankingSettings(min_trades=2), None)
    assert path.stat().st_mtime_ns > first
    path.write_text("damaged")
    make_missing(run_dir, source, quiet(), ranking, None)
    assert read_robustness(run_dir, read_manifest(run_dir)) is not None


def test_what_cannot_be_tested_is_said(tmp_path: Path) -> None:
    run_dir = computed_run(tmp_path, filter="winrate >= 2")
    source, said = load_run(run_dir).source, quiet()
    with pytest.raises(ConfigError, match="the run ranks only rows with winrate >= 2"):
        make_robustness(run_dir, source, SMALL, quiet())
    make_missing(run_dir, source, said, RankingSettings(), None)
    assert "no robustness tests: the run ranks only rows" in said.file.getvalue()  # type: ignore[attr-defined]


def test_command_prints_a_table_and_the_file(ib_grid_command: Command, run_dir: Path) -> None:
    few = ("--draws", 9, "--resamples", 20, "--blocks", 4, "--in-sample-months", 1)
    status, out, said = ib_grid_command("robustness", run_dir, *few, "--format", "json")
    assert status == 0, said
    content = json.loads(out)
    assert content["random_direction"]["draws"] == 9
    assert content["walk_forward"]["in_sample_months"] == 1
    status, out, said = ib_grid_command("robustness", run_dir, *few, "--anchored")
    assert (status, "Verdict: " in said) == (0, True)
    assert f"ib-grid report {run_dir}" in said
    assert "total R, by the run's ranking" in out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--blocks", 7), "in --blocks"),
        (("--in-sample-months", 99), "too few for 99 in sample"),
        (("--draws", 0), "in --draws\n  expected: 1 or more"),
    ],
)
def test_settings_that_do_not_fit_are_refused(
    ib_grid_command: Command, run_dir: Path, words: tuple[object, ...], expected: str
) -> None:
    status, _, said = ib_grid_command("robustness", run_dir, *words)
    assert status == 2
    assert expected in said


def test_rankings_by_the_order_of_trades_are_refused(
    ib_grid_command: Command, tmp_path: Path
) -> None:
    run_dir = computed_run(tmp_path)
    manifest = read_manifest(run_dir)
    other = {**manifest.ranking, "weights": {"max_drawdown": 1.0}}
    change_manifest(run_dir, ranking=other)
    assert dataclasses.replace(manifest, ranking=other) == read_manifest(run_dir)
    status, _, said = ib_grid_command("robustness", run_dir)
    assert (status, "cannot rank by max_drawdown" in said) == (2, True)
