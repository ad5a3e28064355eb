"""Chunks that need more memory than a worker may use or the machine has."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.faults.disturbed_runs import PLAN, Children, Place, assert_goes_on
from tests.helpers.faults.injected import fault

pytestmark = [pytest.mark.faults, pytest.mark.cluster]


def test_workers_out_of_memory(
    place: Place, undisturbed: Place, children: Children, marks: Path
) -> None:
    given = fault("memory", marks=str(marks), hungry=11, refused=23)
    child = children.start(place.words(), module="tests.helpers.faults.injected", environment=given)
    assert child.ended() == 1, child.said()
    assert len(list(marks.iterdir())) == 1
    assert "MemoryError" in child.said()
    assert "in chunk 23, combinations 184 to 191" in child.said()
    assert "Traceback" not in child.said()
    kept = place.finished()
    assert len(kept) == len(PLAN) - 1
    assert_goes_on(place, undisturbed, kept)
