"""Each call on a file fails in turn, and power is lost after each: nothing wrong is ever read."""

from __future__ import annotations

import itertools
import shutil
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest

from ib_grid.errors import IbGridError
from ib_grid.runs.partition_layout import partition_files, results_folder
from pipelines.report import write
from pipelines.report.report import Report
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """A run with a report whose files the next one begins with "new "."""

    run_dir: Path
    report: Report
    old: Content

    @property
    def new(self) -> Content:
        return {path: b"new " + content for path, content in self.old.items()}

    @property
    def now(self) -> Content:
        return {path: path.read_bytes() for path in self.old}


@pytest.fixture
def reported(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reported:
    run_dir = Path(shutil.copytree(whole, tmp_path / "run"))
    report, paths = report_run(run_dir)
    texts = write._texts(report, run_dir)
    monkeypatch.setattr(write, "_texts", lambda *_: {k: f"new {v}" for k, v in texts.items()})
    old = {path: path.read_bytes() for path in paths if isinstance(path, Path)}
    return Reported(run_dir=run_dir, report=report, old=old)


def test_report_with_a_failing_call(reported: Reported) -> None:
    run_dir, old = reported.run_dir, reported.old
    n, failures = 0, list[int]()
    while True:
        n += 1
        call = NthCall(n)
        try:
            with observed(run_dir, call):
                write.write_report(reported.report, run_dir)
        except IbGridError as error:
            failures.append(error.exit_status)
        if not call.failed:
            break
        assert reported.now in (old, reported.new), call.failed
        assert not partial(run_dir) or ", unlink" in call.failed, call.failed
        for path in partial(run_dir):
            path.unlink()
        for path, content in old.items():
            path.write_bytes(content)
    assert len(failures) > 3 * len(old)
    assert set(failures) == {1}


def test_report_with_a_failing_read(reported: Reported, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.report.report_run.source_or_reason", lambda _: "no bars")
    failures = list[int]()
    # Each pass over the rows reads four partitions, of which one or two fail.
    for n in itertools.count(1, 3):
        call = NthCall(n, names=("open", "read"))
        try:
            with observed(reported.run_dir, call):
                report_run(reported.run_dir)
        except IbGridError as error:
            failures.append(error.exit_status)
            # The last call opens the folder, to flush the renamed files.
            assert reported.now == reported.old or call.failed.endswith("open run"), call.failed
        if not call.failed:
            break
        assert not partial(reported.run_dir), call.failed
    assert len(failures) > 12
    assert set(failures) <= {1, 2}
    assert reported.now == reported.new


def test_power_is_lost_after_any_call_of_a_report(reported: Reported) -> None:
    old, new = reported.old, reported.new
    disk = Disk(reported.run_dir, before=old)
    with observed(reported.run_dir, disk):
        write.write_report(reported.report, reported.run_dir)
    for number, state in enumerate(disk.states):
        assert all(state[path] in (old[path], new[path]) for path in old), number
    assert {path: disk.durable[path] for path in old} == new
    # Until the first file is renamed the whole report is the old one.
    assert sum(all(state[path] == old[path] for path in old) for state in disk.states) > len(old)


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
