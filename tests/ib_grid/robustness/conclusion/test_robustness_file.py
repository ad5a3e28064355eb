"""The file of the robustness tests: bound to its run, and refused if damaged."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from ib_grid.analysis import load_run, top
from ib_grid.engine import reference
from ib_grid.errors import DataError
from ib_grid.robustness.conclusion.facts import facts_of
from ib_grid.robustness.conclusion.robustness_file import read_robustness, write_robustness
from ib_grid.robustness.conclusion.verdict import verdict
from ib_grid.robustness.results import Selected
from ib_grid.runs.manifest import read_manifest
from tests.helpers.runs.computed_runs import computed_run
from tests.helpers.runs.tested_runs import robustness


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    return computed_run(tmp_path)


def test_results_are_read_back(run_dir: Path) -> None:
    manifest, tests = read_manifest(run_dir), robustness()
    assert read_robustness(run_dir, manifest) is None
    concluded = verdict(facts_of(manifest, str(run_dir), tests, None), tests)
    path = write_robustness(run_dir, manifest, tests, concluded)
    assert path.name == "GER40_robustness.json"
    assert read_robustness(run_dir, manifest) == tests
    assert json.loads(path.read_text())["verdict"]["level"] == "cannot be told from luck"


@pytest.mark.parametrize("text", ["", "[]", "{}", "[" * 100_000, None])
def test_a_damaged_file_or_another_run_is_refused(run_dir: Path, text: str | None) -> None:
    manifest, tests = read_manifest(run_dir), robustness()
    concluded = verdict(facts_of(manifest, str(run_dir), tests, None), tests)
    path = write_robustness(
        run_dir, dataclasses.replace(manifest, fingerprint="x"), tests, concluded
    )
    if text is not None:
        path.write_text(text)
    with pytest.raises(DataError, match="robustness tests cannot be read") as refused:
        read_robustness(run_dir, manifest)
    assert f"ib-grid robustness {run_dir}" in refused.value.hint


def test_facts_know_the_other_execution_model(run_dir: Path) -> None:
    run = load_run(run_dir)
    combo_id = int(top(run, n=1)["combo_id"].iloc[0])
    tests = robustness(Selected(combo_id=combo_id, total_r=1.0, sharpe_ratio=0.1))
    found = facts_of(run.manifest, "RUN", tests, run.source)
    execution = dataclasses.replace(run.source.context.execution, model="original")
    context = dataclasses.replace(run.source.context, execution=execution)
    expected = reference.trades(context, run.grid.params(combo_id))["r"].sum()
    assert found.other_total_r == pytest.approx(expected)
    assert (found.model, found.profitable) == ("realistic", round(0.137 * 512))
