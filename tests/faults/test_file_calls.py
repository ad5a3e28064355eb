"""Each call on a file fails in turn, and power is lost after each: nothing wrong is ever read."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pytest

from ib_grid.errors import IbGridError
from ib_grid.runs.partition_layout import partition_files, results_folder
from pipelines.report import write
from pipelines.report.report_run import report_run
from tests.helpers.faults.file_calls import Content, Disk, NthCall, observed
from tests.helpers.faults.serial_runs import SerialRun
from tests.helpers.runs.small_runs import rows

pytestmark = pytest.mark.faults


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> SerialRun:
    return SerialRun(tmp_path_factory.mktemp("grid"))


@pytest.fixture(scope="module")
def whole(grid: SerialRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return grid.run(tmp_path_factory.mktemp("whole"))


def rows_of(run_dir: Path) -> pa.Table:
    return rows(results_folder(run_dir, "GER40"))


def finished(run_dir: Path) -> dict[str, bytes]:
    folder = results_folder(run_dir, "GER40")
    return {path.name: path.read_bytes() for path in partition_files(folder)}


def partial(folder: Path) -> list[Path]:
    return list(folder.rglob("*.partial"))


@pytest.mark.parametrize("resumed", [False, True], ids=["run", "resume"])
def test_run_with_a_failing_call(
    grid: SerialRun, whole: Path, tmp_path: Path, resumed: bool
) -> None:
    n, failures = 0, list[IbGridError]()
    while True:
        n += 1
        output = tmp_path / str(n)
        if resumed:
            shutil.copytree(whole, output / "run")
            partition_files(results_folder(output / "run", "GER40"))[1].unlink()
        call = NthCall(n)
        try:
            with observed(output, call):
                grid.run(output)
        except IbGridError as error:
            failures.append(error)
        if not call.failed:
            break
        before = finished(output / "run") if (output / "run").exists() else {}
        grid.run(output)
        assert rows_of(output / "run").equals(rows_of(whole)), call.failed
        assert before.items() <= finished(output / "run").items(), call.failed
        assert not partial(output), call.failed
        shutil.rmtree(output)
    assert len(failures) > n / 2 > 10
    assert all(error.location for error in failures)
    assert {error.exit_status for error in failures} <= {1, 2}


def test_report_with_a_failing_call(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_dir = Path(shutil.copytree(whole, tmp_path / "run"))
    report, paths = report_run(run_dir)
    texts = write._texts(report, run_dir)
    old = {path: path.read_bytes() for path in paths}
    monkeypatch.setattr(write, "_texts", lambda *_: {k: f"new {v}" for k, v in texts.items()})
    for path in paths:
        path.write_bytes(old[path])
    n, failures = 0, list[int]()
    while True:
        n += 1
        call = NthCall(n)
        try:
            with observed(run_dir, call):
                write.write_report(report, run_dir)
        except IbGridError as error:
            failures.append(error.exit_status)
        if not call.failed:
            break
        now = {path: path.read_bytes() for path in paths}
        assert now == old or all(new == b"new " + old[path] for path, new in now.items()), (
            call.failed
        )
        assert not partial(run_dir) or ", unlink" in call.failed, call.failed
        for path in partial(run_dir):
            path.unlink()
        for path in paths:
            path.write_bytes(old[path])
    assert len(failures) > 3 * len(paths)
    assert set(failures) == {1}


def restored(state: Content, of: Path, folder: Path) -> Path:
    for path, content in state.items():
        target = folder / path.relative_to(of)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return folder


def test_power_is_lost_after_any_call_of_a_run(
    grid: SerialRun, whole: Path, tmp_path: Path
) -> None:
    output = tmp_path / "lost"
    disk = Disk(output)
    with observed(output, disk):
        grid.run(output)
    assert len(disk.states) > 10
    for number, state in enumerate(disk.states):
        folder = restored(state, output, tmp_path / str(number))
        for name, content in finished(folder / "run").items() if folder.exists() else ():
            assert content in (b"", finished(whole)[name])
        grid.run(folder)
        assert rows_of(folder / "run").equals(rows_of(whole)), number
    durable = restored(disk.durable, output, tmp_path / "durable")
    assert finished(durable / "run") == finished(whole)
    assert grid.run(durable) == durable / "run"
