"""Two runs in one directory: the second is refused, and a dead owner loses its lock."""

from __future__ import annotations

import signal

import pytest

from tests.helpers.faults.disturbed_runs import Children, Place, assert_goes_on

pytestmark = [pytest.mark.faults, pytest.mark.cluster]


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
