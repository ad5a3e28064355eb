"""System clock changes during a run and between its attempts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.faults.disturbed_runs import (
    PLAN,
    Child,
    Children,
    Place,
    assert_complete,
    partly_done,
)
from tests.helpers.faults.shifted_clock import CLOCK_FILE

pytestmark = [pytest.mark.faults, pytest.mark.cluster]

DAY = 86_400


def started(place: Place, children: Children, clock: Path) -> Child:
    return children.start(
        place.words(),
        module="tests.helpers.faults.shifted_clock",
        environment={CLOCK_FILE: str(clock)},
    )


def set_clock(clock: Path, seconds: int) -> None:
    new = clock.with_name("new")
    new.write_text(str(seconds))
    new.replace(clock)


def test_clock_set_back_between_attempts_and_while_running(
    place: Place, undisturbed: Place, children: Children
) -> None:
    partly_done(place, undisturbed, range(0, len(PLAN), 2))
    kept, clock = place.finished(), place.folder / "clock"
    set_clock(clock, -30 * DAY)
    child = started(place, children, clock)
    assert child.until(lambda: len(place.finished()) >= len(kept) + 3, "3 chunks"), child.said()
    set_clock(clock, -31 * DAY)
    assert child.ended() == 0, child.said()
    assert_complete(place, undisturbed, kept)
    begun = [str(attempt["started_utc"]) for attempt in place.manifest.attempts]
    ended = [str(attempt["ended_utc"]) for attempt in place.manifest.attempts]
    assert ended[1] < begun[1] < begun[0]


def test_clock_set_forward_while_running(
    place: Place, undisturbed: Place, children: Children
) -> None:
    clock = place.folder / "clock"
    child = started(place, children, clock)
    assert child.until(lambda: len(place.finished()) >= 3, "3 chunks"), child.said()
    set_clock(clock, DAY)
    assert child.ended() == 0, child.said()
    assert_complete(place, undisturbed, {})
