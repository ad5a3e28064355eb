"""A run whose run.json is lost or torn, whose bars were moved, or which begins beside another."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ib_grid.errors import DataError, InputError
from ib_grid.runs.manifest import RUN_FILE, read_manifest
from ib_grid.runs.partition_layout import partition_files, results_folder
from ib_grid.runs.source import load_source
from pipelines.inputs.inputs import read_inputs
from tests.helpers.faults.serial_runs import SerialRun
from tests.helpers.runs.small_runs import BARS


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> SerialRun:
    return SerialRun(tmp_path_factory.mktemp("grid"))


@pytest.fixture
def run_dir(grid: SerialRun, tmp_path: Path) -> Path:
    return grid.run(tmp_path)


def files(run_dir: Path) -> dict[Path, int]:
    found = partition_files(results_folder(run_dir, "GER40"))
    return {path: path.stat().st_mtime_ns for path in found if isinstance(path, Path)}


DAMAGES: dict[str, Callable[[Path], object]] = {
    "lost": Path.unlink,
    "emptied": lambda path: path.write_bytes(b""),
    "torn": lambda path: path.write_bytes(path.read_bytes()[:300]),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_partitions_without_run_json_are_adopted(
    grid: SerialRun, run_dir: Path, damage: Callable[[Path], object]
) -> None:
    before, manifest = files(run_dir), read_manifest(run_dir)
    list(before)[2].unlink()
    damage(run_dir / RUN_FILE)
    # Another chunk size would cut the grid in other places.
    folder, text = grid.told(run_dir.parent, chunk_size=4)
    assert folder == run_dir
    assert "note: run.json was missing or torn; its partitions were adopted" in text
    now = files(run_dir)
    assert list(now) == list(before)
    assert [now[path] == before[path] for path in before] == [True, True, False, True]
    adopted = read_manifest(run_dir)
    assert (adopted.fingerprint, adopted.chunks) == (manifest.fingerprint, manifest.chunks)


def test_adopted_without_a_name(grid: SerialRun, run_dir: Path) -> None:
    named = run_dir.rename(run_dir.with_name("GER40_8combos_20240501_000000"))
    (named / RUN_FILE).unlink()
    before = files(named)
    folder, _ = grid.told(named.parent, run_dir=None)
    assert folder == named
    assert files(named) == before


def test_partitions_of_another_run_are_not_adopted(grid: SerialRun, run_dir: Path) -> None:
    (run_dir / RUN_FILE).unlink()
    before = files(run_dir)
    other = read_inputs(grid.settings(run_dir.parent, spread_points=9.0))
    with pytest.raises(InputError, match=r"run\.json is missing, and the partitions are of other"):
        grid.run(run_dir.parent, other)
    assert files(run_dir) == before


def test_run_json_of_a_newer_version_is_kept(grid: SerialRun, run_dir: Path) -> None:
    content = {**json.loads((run_dir / RUN_FILE).read_text()), "format": 99}
    (run_dir / RUN_FILE).write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"run\.json has format 99, from a newer ib-grid"):
        grid.run(run_dir.parent)
    assert json.loads((run_dir / RUN_FILE).read_text()) == content


def test_run_follows_moved_bars(grid: SerialRun, run_dir: Path, tmp_path: Path) -> None:
    moved = Path(shutil.copy(BARS, tmp_path / "moved.parquet"))
    inputs = dataclasses.replace(grid.inputs, data={**grid.inputs.data, "file": str(moved)})
    before = read_manifest(run_dir)
    grid.run(run_dir.parent, inputs)
    manifest = read_manifest(run_dir)
    assert manifest.data == {**before.data, "file": str(moved)}
    assert manifest.fingerprint == before.fingerprint
    assert load_source(manifest).span == load_source(before).span


def test_bars_written_anew_with_equal_values_resume(
    grid: SerialRun, run_dir: Path, tmp_path: Path
) -> None:
    anew = tmp_path / "anew.parquet"
    table = pq.read_table(BARS)
    pq.write_table(table, anew, compression="none")
    inputs = read_inputs(grid.settings(run_dir.parent, data=anew))
    before = read_manifest(run_dir)
    assert inputs.data["sha256"] != before.data["sha256"]
    grid.run(run_dir.parent, inputs)
    assert read_manifest(run_dir).data == inputs.data
    moved = dataclasses.replace(before, data={**before.data, "file": str(anew)})
    assert load_source(moved).span == load_source(before).span
    pq.write_table(table.slice(1), anew)
    with pytest.raises(DataError, match="the bars have changed since this run"):
        load_source(moved)


def test_many_small_chunks_are_noted(
    grid: SerialRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.run.run._MANY_CHUNKS", 3)
    _, text = grid.told(tmp_path)
    assert "note: 4 chunks of about 2 combinations: each chunk is a task and a file" in text
    _, text = grid.told(tmp_path)
    assert "each chunk is a task and a file" not in text
    monkeypatch.setattr("pipelines.run.run._MANY_CHUNKS", 1)
    _, text = grid.told(tmp_path / "by_session", chunk_size=4)  # the largest that there is
    assert "each chunk is a task and a file" not in text
