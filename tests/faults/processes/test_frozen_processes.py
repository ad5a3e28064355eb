"""Frozen processes: a worker, or the scheduler of an existing cluster, that does not answer."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.faults.processes.test_killed_processes import cluster
from tests.helpers.faults.disturbed_runs import (
    Child,
    Children,
    Place,
    assert_complete,
    assert_goes_on,
)
from tests.helpers.faults.injected import fault

pytestmark = [pytest.mark.faults, pytest.mark.cluster]

INJECTED = "tests.helpers.faults.injected"
STOP_SECONDS = 10


def _worker(child: Child) -> int:
    """Return a process that was forked for a worker."""
    forked = [p for p in child.members() if "multiprocessing.forkserver" in " ".join(p.cmdline())]
    return next(p.pid for p in forked if p.ppid() in {other.pid for other in forked})


def test_frozen_worker_is_replaced(place: Place, undisturbed: Place, children: Children) -> None:
    soon = fault("impatient", seconds=3)
    child = children.start(place.words(), module=INJECTED, environment=soon)
    assert child.until(lambda: len(place.finished()) >= 3, "3 chunks"), child.said()
    os.kill(_worker(child), signal.SIGSTOP)
    assert child.ended() == 0, child.said()
    assert "another worker takes the chunk, and the frozen worker tls://127.0.0.1" in child.said()
    assert "Traceback" not in child.said()
    assert_complete(place, undisturbed, {})


def test_slow_chunk_is_left_alone(place: Place, undisturbed: Place, children: Children) -> None:
    slow = fault("slow", chunk=7, seconds=6, impatience=2)
    child = children.start(place.words(), module=INJECTED, environment=slow)
    assert child.ended() == 0, child.said()
    assert "frozen" not in child.said()
    assert_complete(place, undisturbed, {})


def test_frozen_scheduler_is_told_and_left_at_once(
    place: Place, undisturbed: Place, children: Children
) -> None:
    scheduler, address = cluster(place, children)
    assert scheduler.until(lambda: scheduler.said().count("Register worker") >= 2, "workers")
    child = children.start(place.words("--scheduler", address))
    assert child.until(lambda: len(place.finished()) >= 3, "3 chunks"), child.said()
    scheduler.process.send_signal(signal.SIGSTOP)
    assert child.until(lambda: "does not answer" in child.said(), "the note"), child.said()
    child.interrupt()
    started = time.monotonic()
    assert child.process.wait(STOP_SECONDS) in (130, -signal.SIGINT), child.said()
    child.gone(STOP_SECONDS - (time.monotonic() - started))
    assert "run the same command again to resume" in child.said()
    assert "Traceback" not in child.said()
    children.end()
    assert_goes_on(place, undisturbed, place.finished())
