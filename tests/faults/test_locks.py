"""Two runs in one directory: the second is refused, and a dead owner loses its lock or lease."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from ib_grid.runs.partition_layout import partition_files, results_folder
from ib_grid.storage import lease
from ib_grid.storage.paths import AnyPath
from pipelines.run import attempt, tasks
from tests.helpers.faults.disturbed_runs import Children, Place, assert_goes_on
from tests.helpers.faults.serial_runs import SerialRun
from tests.helpers.machines.memory_store import memory_store
from tests.helpers.runs.small_runs import rows

pytestmark = pytest.mark.faults


@pytest.mark.cluster
def test_second_run_in_the_same_directory(
    place: Place, undisturbed: Place, children: Children
) -> None:
    first = children.start(place.words())
    assert first.until(lambda: len(place.finished()) >= 3, "3 chunks"), first.said()
    # It is stopped where it is, so that it cannot end before the second one comes.
    first.process.send_signal(signal.SIGSTOP)
    second = children.start(place.words())
    assert second.ended() == 2, second.said()
    assert f"error: another run is writing here: process {first.process.pid} on" in second.said()
    assert "Traceback" not in second.said()

    first.process.kill()
    first.process.wait(10)
    first.gone()
    kept = place.finished()
    assert_goes_on(place, undisturbed, kept)


class Killed(BaseException):
    """The end of a process, which neither records nor releases anything."""


def _before_the_lease(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(lease, "_content", _die)


def _with_a_new_lease(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(lease._Renewal, "start", _die)


def _at_the_third_chunk(patch: pytest.MonkeyPatch) -> None:
    run, left = tasks.run_chunk, [1, 2]
    patch.setattr(tasks, "run_chunk", lambda *work: run(*work) if left and left.pop() else _die())


def _before_the_release(patch: pytest.MonkeyPatch) -> None:
    """Die when all else is done."""


def _die(*_: object) -> None:
    raise Killed


def _die_unreleased(renewal: lease._Renewal) -> None:
    renewal._stop.set()
    raise Killed


@pytest.mark.parametrize(
    ("die", "chunks"),
    [
        (_before_the_lease, 0),
        (_with_a_new_lease, 0),
        (_at_the_third_chunk, 2),
        (_before_the_release, 4),
    ],
)
def test_killed_at_a_lease(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    die: Callable[[pytest.MonkeyPatch], None],
    chunks: int,
) -> None:
    grid = SerialRun(tmp_path)
    whole = rows(results_folder(grid.run(tmp_path), "GER40"))
    monkeypatch.setattr(lease, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(lease, "DEAD_AFTER_SECONDS", 0.1)
    with memory_store() as output:
        with monkeypatch.context() as patch:
            patch.setattr(attempt._Attempt, "record_failure", lambda *_: None)
            patch.setattr(lease._Renewal, "stop", _die_unreleased)
            die(patch)
            with pytest.raises(Killed):
                grid.run(output)
        dataset = results_folder(output / "run", "GER40")
        kept = contents(dataset)
        assert len(kept) == chunks
        _, said = grid.told(output)
        assert ("checking for up to" in said) == (die is not _before_the_lease)
        assert rows(dataset).equals(whole)
        assert kept.items() <= contents(dataset).items()


def contents(dataset: AnyPath) -> dict[AnyPath, bytes]:
    return {path: path.read_bytes() for path in partition_files(dataset)}
