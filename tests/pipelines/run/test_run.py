"""A run from beginning to end: interrupted, repeated, refused."""

from __future__ import annotations

import dataclasses
import os
import socket
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from ib_grid.engine.fast import engine
from ib_grid.errors import (
    ChunkError,
    DiskError,
    IbGridError,
    InputError,
    OutputError,
    RunMismatchError,
    StoreError,
)
from ib_grid.grid.chunks import plan_chunks
from ib_grid.grid.columns import METRIC_COLUMNS
from ib_grid.grid.params import PARAM_NAMES
from ib_grid.runs import inventory
from ib_grid.runs.manifest import read_manifest, write_manifest
from ib_grid.runs.partition_layout import partition_files, results_folder
from ib_grid.storage.lock import sole_writer
from pipelines.cluster.clusters import choose_cluster
from pipelines.config.settings import Settings
from pipelines.inputs.inputs import read_inputs
from pipelines.report.run_info import run_info
from pipelines.run import attempt, chunk_bag, run_directory
from pipelines.run.chunk_bag import Outcome
from pipelines.run.context import ALL_DONE
from pipelines.run.run import RunResult, new_manifest, run
from pipelines.run.run_directory import ChosenDirectory
from tests.helpers.faults.serial_runs import SerialRun
from tests.helpers.golden import golden_grid
from tests.helpers.runs.small_runs import GRID, plain_console, rows, settings


def done(asked: Settings) -> tuple[RunResult, str]:
    """Run a grid; return the result and its messages."""
    console, text = plain_console()
    return run(asked, read_inputs(asked), console), text.getvalue()


def dataset_of(result: RunResult) -> Path:
    return results_folder(result.folder, "GER40")


@pytest.mark.cluster
def test_run_writes_engine_rows_once(tmp_path: Path) -> None:
    asked = settings(tmp_path)
    result, said = done(asked)
    inputs = read_inputs(asked)
    whole = [
        engine.evaluate(inputs.context, GRID, plan.chunk(k))
        for plan in [plan_chunks(GRID, 10**9)]
        for k in range(len(plan))
    ]
    table = rows(dataset_of(result))
    assert table["combo_id"].to_pylist() == list(range(len(GRID)))
    for name, values in zip(METRIC_COLUMNS, np.concatenate(whole, axis=1), strict=True):
        assert np.array_equal(table[name].to_numpy(), values), name

    manifest = read_manifest(result.folder)
    assert manifest.state == "finished"
    (attempt,) = manifest.attempts
    assert attempt["workers"] == 2
    assert attempt["host"] == socket.gethostname()
    assert attempt["versions"] == manifest.versions
    assert attempt["chunks_done"] == manifest.chunks
    assert attempt["combinations"] == len(GRID)
    assert attempt["compilations"]["workers"] == 0  # type: ignore[index]
    assert set(attempt["seconds"]) == {"compile", "start_workers", "compute"}  # type: ignore[call-overload]
    assert manifest.data["bars"] == 73_813
    assert result.summary.combinations == result.computed == len(GRID)
    assert "dashboard: http://127.0.0.1:" in said
    assert f"100%  {len(GRID)} of {len(GRID)} combinations" in said

    again, said = done(asked)
    assert (again.folder, again.computed) == (result.folder, 0)
    assert again.summary == result.summary
    assert "is already complete" in said
    assert read_manifest(again.folder) == manifest


@pytest.mark.cluster
def test_chunks_and_workers_do_not_change_a_row(tmp_path: Path) -> None:
    fine, _ = done(settings(tmp_path, output=tmp_path / "fine"))
    coarse, _ = done(settings(tmp_path, output=tmp_path / "coarse", chunk_size=1000, workers=1))
    assert read_manifest(coarse.folder).chunks < read_manifest(fine.folder).chunks
    assert rows(dataset_of(fine)).equals(rows(dataset_of(coarse)))
    for result in (fine, coarse):
        table = rows(dataset_of(result))
        columns = {name: table[name].to_numpy() for name in METRIC_COLUMNS}
        assert golden_grid.hashes(columns) == golden_grid.known(golden_grid.SMALL_RUN)
    assert read_manifest(fine.folder).fingerprint == read_manifest(coarse.folder).fingerprint


@pytest.mark.cluster
def test_damaged_or_missing_chunks_are_recomputed(tmp_path: Path) -> None:
    asked = settings(tmp_path)
    result, _ = done(asked)
    before = rows(dataset_of(result))
    unfinished = dataclasses.replace(read_manifest(result.folder), state="running")
    write_manifest(result.folder, unfinished)
    files = partition_files(dataset_of(result))
    _flip_a_bit_of_total_r(files[3])
    files[5].unlink()
    files[7].write_bytes(files[7].read_bytes()[:-100])
    left = files[0].parent / ".part-00001.parquet.1.partial"
    left.write_bytes(b"half")
    os.utime(left, (1, 1))
    kept = {path: path.stat().st_mtime_ns for k, path in enumerate(files) if k not in (3, 5, 7)}

    again, said = done(settings(tmp_path, chunk_size=64))
    assert again.computed == 24
    assert f"resumes, {len(files) - 3} of {len(files)} chunks are done" in said
    assert "part-00003.parquet: wrong checksum" in said
    assert "part-00007.parquet: not a complete Parquet file" in said
    assert "--chunk-size 64 is ignored; a resumed run keeps its chunks" in said
    assert rows(dataset_of(again)).equals(before)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert not list(result.folder.rglob("*.partial"))
    assert read_manifest(again.folder).state == "finished"
    assert len(read_manifest(again.folder).attempts) == 2
    assert again.summary == result.summary


def _flip_a_bit_of_total_r(path: Path) -> None:
    row_group = pq.read_metadata(path).row_group(0)
    column = row_group.column(len(PARAM_NAMES) + 1)
    assert column.path_in_schema == "total_r"
    content = bytearray(path.read_bytes())
    content[column.data_page_offset + column.total_compressed_size - 1] ^= 1
    path.write_bytes(content)


def test_failed_chunks_are_an_error_and_can_be_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = (
        ChunkError("broken", location="chunk 4"),
        ChunkError("broken too", location="chunk 9"),
    )
    outcome = Outcome(done=(), failed=failed)
    monkeypatch.setattr(chunk_bag, "compute", lambda *_: outcome)
    with pytest.raises(ChunkError, match="broken; 1 more failed"):
        done(settings(tmp_path, workers=1))
    (folder,) = (tmp_path / "results").iterdir()
    manifest = read_manifest(folder)
    assert manifest.state == "failed"
    assert manifest.attempts[0]["chunks_failed"] == 2
    assert manifest.attempts[0]["failures"] == ["chunk 4: broken", "chunk 9: broken too"]
    notes = run_info(manifest, tmp_path).notes
    assert "  chunk 9: broken too" in notes


def test_an_attempt_is_on_record_before_it_computes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def look(*_: object) -> Outcome:
        (folder,) = (tmp_path / "results").iterdir()
        manifest = read_manifest(folder)
        seen.append((manifest.state, [attempt["state"] for attempt in manifest.attempts]))
        raise KeyboardInterrupt

    monkeypatch.setattr(chunk_bag, "compute", look)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            done(settings(tmp_path, workers=1))
    assert seen == [("running", ["running"]), ("running", ["interrupted", "running"])]


@pytest.mark.parametrize("kind", [OutputError, DiskError])
def test_full_disk_does_not_hide_the_first_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[IbGridError]
) -> None:
    def full(*_: object) -> Outcome:
        monkeypatch.setattr("pipelines.run.attempt.write_manifest", refuse)
        raise StoreError("no space left")

    def refuse(*_: object) -> None:
        raise kind("no space for run.json either")

    monkeypatch.setattr(chunk_bag, "compute", full)
    with pytest.raises(StoreError, match="no space left"):
        done(settings(tmp_path, workers=1))


def test_finished_run_is_reread_and_repaired(tmp_path: Path) -> None:
    asked = settings(tmp_path, workers=1)
    first, _ = done(asked)
    before = rows(dataset_of(first))
    _flip_a_bit_of_total_r(next(first.folder.rglob("part-*.parquet")))
    again, _ = done(asked)
    assert again.computed > 0
    assert rows(dataset_of(again)).equals(before)


def test_unwritten_chunks_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunk_bag, "compute", lambda *_: Outcome(done=(), failed=()))
    with pytest.raises(StoreError, match="partitions are missing"):
        done(settings(tmp_path, workers=1))


def test_an_interrupted_run_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(chunk_bag, "compute", interrupted)
    asked = settings(tmp_path, workers=1)
    console, text = plain_console()
    with pytest.raises(KeyboardInterrupt):
        run(asked, read_inputs(asked), console)
    assert (
        "interrupted: 0 of 32 chunks are done; run the same command again to resume"
        in text.getvalue()
    )
    (folder,) = (tmp_path / "results").iterdir()
    assert read_manifest(folder).state == "interrupted"


def refused(asked: Settings, error: type[InputError], found: str) -> None:
    with pytest.raises(error, match=found):
        done(asked)


@pytest.mark.parametrize(
    ("module", "name"), [(attempt, "write_manifest"), (inventory, "take_stock")]
)
def test_a_stop_after_the_last_chunk_says_so(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    module: object,
    name: str,
) -> None:
    true = getattr(module, name)

    def stopped(*args: object, **kwargs: object) -> object:
        done = true(*args, **kwargs)
        if read_manifest(tmp_path / "run").state == "finished":
            raise KeyboardInterrupt
        return done

    grid = SerialRun(tmp_path)
    monkeypatch.setattr(module, name, stopped)
    with pytest.raises(KeyboardInterrupt):
        grid.run(tmp_path)
    assert capfd.readouterr().err == f"{ALL_DONE}\n"


def test_runs_are_not_mixed_and_not_shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunk_bag, "compute", lambda *_: Outcome(done=(), failed=()))
    mine = settings(tmp_path, run_dir="mine", workers=1)
    with pytest.raises(StoreError):
        done(mine)
    other = settings(tmp_path, run_dir="mine", spread_points=2.5)
    refused(other, RunMismatchError, r"execution\.spread_points: 2\.5 here, 1\.5 in the run")
    with sole_writer(tmp_path / "results" / "mine"):
        refused(mine, OutputError, "another run is writing here")


def test_run_begun_meanwhile_by_another_process_is_not_mixed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunk_bag, "compute", lambda *_: pytest.fail("nothing is to be computed"))
    select = run_directory.choose_directory
    other = settings(tmp_path, run_dir="mine", spread_points=2.5)

    def choose_and_be_overtaken(*words: object, **more: object) -> ChosenDirectory:
        place = select(*words, **more)
        inputs = read_inputs(other)
        plan = plan_chunks(inputs.grid, 8)
        write_manifest(place.folder, new_manifest(other, inputs, plan))
        return place

    monkeypatch.setattr(run_directory, "choose_directory", choose_and_be_overtaken)
    mine = settings(tmp_path, run_dir="mine", workers=1)
    refused(mine, RunMismatchError, r"execution\.spread_points: 1\.5 here, 2\.5 in the run")


def test_chunks_suit_the_workers(tmp_path: Path) -> None:
    assert choose_cluster(settings(tmp_path, workers=7)).planned_workers == 7
    there = settings(tmp_path, workers=None, scheduler="tcp://127.0.0.1:1")
    assert choose_cluster(there).planned_workers == 90
