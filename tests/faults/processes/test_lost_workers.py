"""Workers that die at a bad moment: while the market is sent to them, many at once, all again."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.helpers.faults.disturbed_runs import Child, Children, Place, assert_complete
from tests.helpers.faults.injected import fault
from tests.helpers.runs.small_runs import rows

pytestmark = [pytest.mark.faults, pytest.mark.cluster]

INJECTED = "tests.helpers.faults.injected"


@pytest.mark.parametrize("seconds", [0.0, 0.02])
def test_worker_killed_while_the_market_is_sent(
    place: Place, undisturbed: Place, children: Children, marks: Path, seconds: float
) -> None:
    killed = fault("kill", point="scatter", marks=str(marks), times=2, seconds=seconds)
    child = children.start(place.words(), module=INJECTED, environment=killed)
    assert child.ended() == 0, child.said()
    assert len(list(marks.iterdir())) == 2
    assert "Traceback" not in child.said()
    assert_complete(place, undisturbed, {})


def _fork_server(child: Child) -> int:
    """Return the process from which the workers are forked."""
    (found,) = (
        process.pid
        for process in child.members()
        if process.ppid() == child.process.pid
        and any("multiprocessing.forkserver" in word for word in process.cmdline())
    )
    return found


def test_fork_server_killed(place: Place, undisturbed: Place, children: Children) -> None:
    child = children.start(place.words())
    assert child.until(lambda: len(place.finished()) >= 3, "3 chunks"), child.said()
    os.kill(_fork_server(child), signal.SIGKILL)
    assert child.ended() == 0, child.said()
    assert "Traceback" not in child.said()
    assert rows(place.dataset).equals(rows(undisturbed.dataset))
