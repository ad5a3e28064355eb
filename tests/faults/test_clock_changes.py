"""A clock that is set while a run goes on, and between its attempts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.clocked import CLOCK_FILE
from tests.faults.runs import Child, Children, Place, assert_complete

pytestmark = [pytest.mark.faults, pytest.mark.cluster]

DAY = 86_400


def started(place: Place, children: Children, clock: Path) -> Child:
    return children.start(
        place.words(), module="tests.faults.clocked", environment={CLOCK_FILE: str(clock)}
    )


def set_clock(clock: Path, seconds: int) -> None:
    new = clock.with_name("new")
    new.write_text(str(seconds))
    new.replace(clock)


def test_set_back_while_running_and_between_attempts(
    place: Place, undisturbed: Place, children: Children
) -> None:
    clock = place.folder / "clock"
    child = started(place, children, clock)
    assert child.until(lambda: len(place.finished()) >= 3, "3 chunks"), child.said()
    set_clock(clock, -DAY)
    more = len(place.finished()) + 10
    child.until(lambda: len(place.finished()) >= more, "10 chunks with the clock set back")
    child.process.kill()
    child.process.wait(10)
    child.gone()
    kept = place.finished()
    set_clock(clock, -30 * DAY)
    again = started(place, children, clock)
    assert again.ended() == 0, again.said()
    assert_complete(place, undisturbed, kept)
    begun = [str(attempt["started_utc"]) for attempt in place.manifest.attempts]
    assert begun[1] < begun[0]


def test_set_forward_while_running(place: Place, undisturbed: Place, children: Children) -> None:
    clock = place.folder / "clock"
    child = started(place, children, clock)
    assert child.until(lambda: len(place.finished()) >= 3, "3 chunks"), child.said()
    set_clock(clock, DAY)
    assert child.ended() == 0, child.said()
    assert_complete(place, undisturbed, {})
