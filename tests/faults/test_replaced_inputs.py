"""Bars and levels replaced during a run: all rows come from one input."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ib_grid.errors import RunMismatchError
from ib_grid.market.instruments import GER40
from pipelines.config import default_paths
from pipelines.inputs import prepare
from pipelines.report.report_run import report_run
from tests.helpers.faults.disturbed_runs import (
    PLAN,
    Children,
    Place,
    assert_complete,
    assert_goes_on,
    partly_done,
)
from tests.helpers.paths import GOLDEN
from tests.helpers.runs.small_runs import BARS

pytestmark = [pytest.mark.faults, pytest.mark.cluster]

OTHER_BARS = GOLDEN / "GER40_edge" / "m1.parquet"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return a run with its own bars and levels."""
    bars = tmp_path / "GER40_m1.parquet"
    shutil.copy(BARS, bars)
    prepare.prepare_levels(GER40, bars, default_paths.levels_file("GER40", tmp_path))
    return Place(folder=tmp_path, bars=bars)


def replace(place: Place, bars: Path) -> None:
    """Replace the run's bars and levels, as `prepare` does."""
    new = place.folder / "new.parquet"
    shutil.copy(bars, new)
    new.replace(place.bars)
    levels = default_paths.levels_file("GER40", place.folder)
    prepare.prepare_levels(GER40, place.bars, levels)


def test_replaced_while_the_run_goes_on(
    place: Place, undisturbed: Place, children: Children
) -> None:
    child = children.start(place.words())
    assert child.until(lambda: len(place.finished()) >= 3, "3 chunks"), child.said()
    replace(place, OTHER_BARS)
    assert child.ended() == 0, child.said()
    assert_complete(place, undisturbed, {})
    report_run(place.run_dir)
    report = (place.run_dir / "GER40_report.html").read_text()
    assert "bars have changed since this run" in report


def test_replaced_between_two_attempts(place: Place, undisturbed: Place) -> None:
    partly_done(place, undisturbed, range(0, len(PLAN), 2))
    kept = place.finished()
    replace(place, OTHER_BARS)
    with pytest.raises(RunMismatchError, match=r"data\.values_sha256: "):
        place.complete()
    assert place.finished() == kept
    replace(place, BARS)
    assert_goes_on(place, undisturbed, kept)


def test_levels_damaged_between_two_attempts(place: Place, undisturbed: Place) -> None:
    partly_done(place, undisturbed, range(5))
    kept = place.finished()
    levels = default_paths.levels_file("GER40", place.folder)
    content = bytearray(levels.read_bytes())
    content[len(content) // 3] ^= 255
    levels.write_bytes(content)
    said = assert_goes_on(place, undisturbed, kept)
    assert "computed from the bars" in said
