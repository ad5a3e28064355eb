"""Rows that the bars do not give: a report and its run refuse to name them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from ib_grid.engine.results_version import RESULTS_VERSION
from ib_grid.errors import StoreError
from ib_grid.grid.columns import METRIC_COLUMNS
from ib_grid.runs import partition_file
from ib_grid.runs.chunk_summary import summarise
from ib_grid.runs.fingerprint import fingerprint
from ib_grid.runs.manifest import read_manifest
from pipelines.report.measures.replay import NoReplay
from pipelines.report.report_run import report_run
from tests.helpers.runs.computed_runs import (
    change_manifest,
    checks,
    computed_run,
    files,
    problems,
    verified,
)

CHUNK = 6


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return computed_run(tmp_path_factory.mktemp("replayed"))


@pytest.fixture(scope="module")
def reported(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = Path(shutil.copytree(whole, tmp_path_factory.mktemp("reported") / "run"))
    report_run(run)
    assert verified(run).exit_status == 0
    return run


@pytest.fixture
def run(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "run"))


def more_r(metrics: np.ndarray) -> None:
    metrics[METRIC_COLUMNS.index("total_r"), 0] += 500


def more_sharpe(metrics: np.ndarray) -> None:
    metrics[METRIC_COLUMNS.index("sharpe_ratio"), 0] += 5


def another_row(metrics: np.ndarray) -> None:
    """Copy the second row: consistent in itself, and wrong."""
    metrics[:, 0] = metrics[:, 1] * np.float32(2)


def rewrite(run: Path, change: Callable[[np.ndarray], None]) -> Path:
    """Change the first row of a chunk, with its record and its checksums."""
    manifest = read_manifest(run)
    chunk, path = manifest.plan().chunk(CHUNK), files(run)[CHUNK]
    table = pq.ParquetFile(path).read()
    metrics = np.array([table[name].to_numpy() for name in METRIC_COLUMNS])
    change(metrics)
    rows = partition_file.results_table(manifest.plan().grid, chunk, metrics)
    summary = summarise(chunk, metrics, 10)
    partition_file.write(path, rows, chunk, manifest.fingerprint, summary)
    return path


CHANGES = [more_r, more_sharpe, another_row]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_wrong_best_row_in_an_intact_file(run: Path, change: Callable[[np.ndarray], None]) -> None:
    path = rewrite(run, change)
    with pytest.raises(StoreError, match=f"combination {2 * CHUNK} is wrong") as raised:
        report_run(run)
    assert raised.value.exit_status == 1
    assert raised.value.location == str(path)
    assert not (run / "GER40_top_100.csv").exists()


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_verify_recomputes_the_rows_of_the_report(
    reported: Path, tmp_path: Path, change: Callable[[np.ndarray], None]
) -> None:
    run = Path(shutil.copytree(reported, tmp_path / "run"))
    rewrite(run, change)
    found = verified(run)
    assert found.exit_status == 1
    assert checks(found)["recomputed rows of the report"].state == "failed"
    assert any(line.startswith(f"combination {2 * CHUNK}: ") for line in problems(found))


def test_results_of_another_version_are_not_compared(run: Path) -> None:
    manifest = read_manifest(run)
    older = RESULTS_VERSION - 1
    identity = {**manifest.identity, "results_version": older}
    change_manifest(run, results_version=older, fingerprint=fingerprint(identity))
    for index, path in enumerate(files(run)):
        table, record = pq.ParquetFile(path).read(), partition_file.read_record(path)
        chunk = manifest.plan().chunk(index)
        partition_file.write(path, table, chunk, fingerprint(identity), record.summary)
    rewrite(run, more_sharpe)
    report, _ = report_run(run)
    assert isinstance(report.replay, NoReplay)
    assert f"the results have version {older}" in report.replay.reason
