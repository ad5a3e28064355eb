"""A full disk, for partitions and for messages, and a read-only run directory."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ib_grid.errors import DiskError
from pipelines.report.report_run import report_run
from tests.helpers.faults.disturbed_runs import (
    PLAN,
    Children,
    Place,
    assert_complete,
    assert_goes_on,
    partly_done,
)
from tests.helpers.faults.mounts import mount_again, mounted

pytestmark = [pytest.mark.faults, pytest.mark.cluster]


def test_disk_full_while_a_partition_is_written(
    place: Place, undisturbed: Place, children: Children
) -> None:
    results = place.folder / "results"
    with mounted(results, "-t", "tmpfs", "-o", "size=1m", "none"):
        child = children.start(place.words())
        assert child.ended() == 1, child.said()
        assert "error: the file cannot be written (No space left on device)" in child.said()
        assert "make room" in child.said()
        assert "Traceback" not in child.said()
        assert place.left_over() == []
        kept = place.finished()
        assert 0 < len(kept) < len(PLAN)
        fill(results)
        with pytest.raises(DiskError, match="No space left on device"):
            place.complete()
        assert place.finished() == kept
        mount_again(results, "size=64m")
        assert_goes_on(place, undisturbed, kept)


def test_disk_full_while_a_report_is_written(
    place: Place, undisturbed: Place, children: Children
) -> None:
    results = place.folder / "results"
    with mounted(results, "-t", "tmpfs", "-o", "size=16m", "none"):
        partly_done(place, undisturbed, ())
        _, paths = report_run(place.run_dir, excel=True)
        before = [path.read_bytes() for path in paths]
        fill(results)
        os.truncate(results / "ballast", (results / "ballast").stat().st_size - 100_000)
        child = children.start(["report", place.run_dir, "--variation-filter", "none"])
        assert child.ended() == 1, child.said()
        assert "error: the file cannot be written (No space left on device)" in child.said()
        assert "Traceback" not in child.said()
        assert [path.read_bytes() for path in paths] == before
        assert place.left_over() == []
        (results / "ballast").unlink()
        assert report_run(place.run_dir, variation_filter="none")[1] == paths
        assert [path.read_bytes() for path in paths] != before


def fill(folder: Path) -> None:
    """Fill the disk, except for the room that the lock's name needs."""
    (folder / "run" / ".lock").unlink(missing_ok=True)
    with (folder / "ballast").open("wb", buffering=0) as ballast, contextlib.suppress(OSError):
        while True:
            ballast.write(bytes(4096))


@pytest.fixture
def full() -> Iterator[object]:
    """Return a file on a full disk."""
    with Path("/dev/full").open("wb") as file:
        yield file


def test_no_room_for_messages(
    place: Place, undisturbed: Place, children: Children, full: object
) -> None:
    partly_done(place, undisturbed, range(9, 14))
    kept = place.finished()
    child = children.start(place.words(), stderr=full)
    assert child.ended() == 0
    assert_complete(place, undisturbed, kept)


def test_no_room_for_the_results_on_stdout(
    place: Place, undisturbed: Place, children: Children, full: object
) -> None:
    partly_done(place, undisturbed, ())
    kept = place.finished()
    child = children.start(place.words(), stdout=full)
    assert child.ended() == 1
    assert "error: cannot write to standard output (No space left on device)" in child.said()
    assert "Traceback" not in child.said()
    assert_complete(place, undisturbed, kept)
    assert (place.run_dir / "GER40_summary.txt").exists()


def test_run_directory_read_only(place: Place, undisturbed: Place, children: Children) -> None:
    partly_done(place, undisturbed, range(20, 30))
    kept, manifest = place.finished(), place.manifest
    with mounted(place.run_dir, "--bind", str(place.run_dir)):
        mount_again(place.run_dir, "bind,ro")
        child = children.start(place.words())
        assert child.ended() == 2, child.said()
        assert "error: the folder cannot be written (Read-only file system)" in child.said()
        assert "Traceback" not in child.said()
    assert place.manifest == manifest
    assert_goes_on(place, undisturbed, kept)


def test_partitions_read_only(place: Place, undisturbed: Place, children: Children) -> None:
    partly_done(place, undisturbed, range(20, 30))
    folder = place.partition(20).parent
    with mounted(folder, "--bind", str(folder)):
        mount_again(folder, "bind,ro")
        child = children.start(place.words())
        assert child.ended() == 1, child.said()
        assert "error: the file cannot be written (Read-only file system)" in child.said()
        assert "Traceback" not in child.said()
        assert place.manifest.state == "failed"
    assert_goes_on(place, undisturbed, place.finished())
