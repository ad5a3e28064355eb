"""A cluster that was there before the run, and whose scheduler is killed."""

from __future__ import annotations

import json

import pytest

from tests.faults.runs import Child, Children, Place, assert_goes_on

pytestmark = [pytest.mark.faults, pytest.mark.cluster]


def cluster(place: Place, children: Children) -> tuple[Child, str]:
    """A scheduler and two workers as processes of their own, and the scheduler's address."""
    file = place.folder / "scheduler.json"
    common = ["--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", file]
    scheduler = children.start(["scheduler", "--port", 0, *common], module="dask")
    assert scheduler.until(file.exists, "the scheduler"), scheduler.said()
    for _ in range(2):
        worker = ["worker", "--nthreads", 1, "--no-nanny", "--death-timeout", 10]
        children.start([*worker, *common], module="dask")
    return scheduler, json.loads(file.read_text())["address"]


def test_scheduler_killed(place: Place, undisturbed: Place, children: Children) -> None:
    scheduler, address = cluster(place, children)
    assert scheduler.until(lambda: scheduler.said().count("Register worker") >= 2, "workers")
    child = children.start(place.words("--scheduler", address))
    assert child.until(lambda: len(place.finished()) >= 3, "3 chunks"), child.said()
    scheduler.process.kill()
    assert child.ended() == 1, child.said()
    assert "error: the scheduler or its workers are lost" in child.said()
    assert "run again: what is done is kept" in child.said()
    assert "Traceback" not in child.said()
    assert place.manifest.state == "failed"
    children.end()
    kept = place.finished()
    assert len(kept) >= 3
    assert_goes_on(place, undisturbed, kept)
