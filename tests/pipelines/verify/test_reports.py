"""A report beside a run is compared with the current rows."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pandas as pd
import pytest

from ib_grid.storage import atomic_files
from pipelines.report.report_run import report_run
from tests.helpers.runs.computed_runs import (
    N_ROWS,
    change_manifest,
    checks,
    computed_run,
    files,
    rewrite,
    verified,
)


@pytest.fixture(scope="session")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = computed_run(tmp_path_factory.mktemp("reported"))
    report_run(run)
    return run


@pytest.fixture
def run(reported: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(reported, tmp_path / "run"))


def said_of_report(run: Path) -> str:
    found = verified(run)
    assert found.exit_status == 1
    (said,) = checks(found)["report"].problems
    assert said.startswith(str(run / "GER40_top_100.csv"))
    assert "`ib-grid report`" in said
    return said


def test_report_matches_its_rows(run: Path) -> None:
    found = verified(run)
    assert found.exit_status == 0
    check = checks(found)["report"]
    assert 0 < check.checked == check.total <= N_ROWS


def test_number_differs_from_its_rows(run: Path) -> None:
    path = run / "GER40_top_100.csv"
    top = pd.read_csv(path)
    top.loc[2, "sharpe_ratio"] += 0.001
    top.to_csv(path, index=False)
    expected = f"sharpe_ratio of combination {top.loc[2, 'combo_id']} differs from its row"
    assert expected in said_of_report(run)


@pytest.mark.parametrize(
    ("name", "value"), [("rr_target", 9.0), ("ib_start", "10:00"), ("ib_wait_minutes", 3)]
)
def test_parameter_differs_from_its_rows(run: Path, name: str, value: object) -> None:
    path = run / "GER40_top_100.csv"
    top = pd.read_csv(path)
    top.loc[1, name] = value
    top.to_csv(path, index=False)
    expected = f"{name} of combination {top.loc[1, 'combo_id']} differs from its row"
    assert expected in said_of_report(run)


def test_swapped_ranks(run: Path) -> None:
    path = run / "GER40_top_100.csv"
    pd.read_csv(path).iloc[::-1].to_csv(path, index=False)
    assert "ranks are not 1, 2, 3, …" in said_of_report(run)


def test_best_parameters_that_are_not_the_first(run: Path) -> None:
    path = run / "GER40_best_params.json"
    params = json.loads(path.read_text())
    path.write_text(json.dumps({**params, "rr_target": 9.0}))
    assert "the best parameters are not those of rank 1" in said_of_report(run)
    path.write_text("[]")
    assert "the best parameters are not those of rank 1" in said_of_report(run)
    path.unlink()
    assert "cannot be read" in said_of_report(run)


def test_rows_changed_after_the_report(run: Path) -> None:
    rewrite(run, 0, add=1.0)
    assert "total_r of combination 0 differs from its row" in said_of_report(run)


def test_outdated_report(run: Path) -> None:
    change_manifest(run, state="interrupted")
    files(run)[1].unlink()
    report_run(run)
    assert verified(run).exit_status == 3
    shutil.copytree(run, run.with_name("early"))
    files(run)[2].unlink()
    assert f"based on {N_ROWS - 2} rows, the data set has {N_ROWS - 4}" in said_of_report(run)


def test_invalid_combination(run: Path) -> None:
    path = run / "GER40_top_100.csv"
    pd.read_csv(path).replace({"combo_id": {3: 3000}}).to_csv(path, index=False)
    assert "combination 3000, which has no row" in said_of_report(run)


@pytest.mark.parametrize(
    "text", ["", "combo_id\nx\n", "a,b\n1,2\n", "\x00\x01", "combo_id\n1\n1\n"]
)
def test_invalid_ranking(run: Path, text: str) -> None:
    (run / "GER40_top_100.csv").write_text(text)
    assert "cannot be read" in said_of_report(run)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"computed": "x"}'])
def test_invalid_totals(run: Path, text: str) -> None:
    (run / "GER40_variation_agg.json").write_text(text)
    assert "cannot be read" in said_of_report(run)


def test_report_that_was_half_replaced(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def end(*_: object) -> None:
        raise SystemExit  # as a kill: nothing is put back

    monkeypatch.setattr(atomic_files, "_restore", lambda _: None)
    monkeypatch.setattr(atomic_files.WholeFiles, "_clean_up", lambda _: None)
    replace, names = Path.replace, []
    monkeypatch.setattr(
        Path,
        "replace",
        lambda old, new: names.append(new) or (end() if len(names) > 3 else replace(old, new)),
    )
    with pytest.raises(SystemExit):
        report_run(run)
    monkeypatch.undo()
    assert "a process ended while it wrote one" in said_of_report(run)
    for left in run.glob(".*.partial"):
        os.utime(left, (1, 1))
    report_run(run)
    assert not list(run.glob(".*.partial"))
    assert verified(run).exit_status == 0
