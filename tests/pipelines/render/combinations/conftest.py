"""A small run, computed once for all commands on combinations."""

from __future__ import annotations

from pathlib import Path

import pytest

from ib_grid.runs.run import Run, load_run
from tests.helpers.runs.computed_runs import computed_run


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return computed_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="session")
def run(folder: Path) -> Run:
    return load_run(folder)


@pytest.fixture(scope="session")
def best(run: Run) -> int:
    """Return the id of the best combination, from the definition of the ranking."""
    rows = run.frame()
    rows = rows[rows["total_trades"] >= run.manifest.ranking["min_trades"]]
    score = 0.0
    for name, weight in run.manifest.ranking["weights"].items():
        values = rows[name].astype(float)
        score += weight * (values - values.min()) / (values.max() - values.min())
    return int(rows["combo_id"].iloc[score.to_numpy().argmax()])
