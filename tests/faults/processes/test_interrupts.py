"""Ctrl-C and SIGTERM stop a run within ten seconds, leave nothing behind, say how to resume."""

from __future__ import annotations

import re
import signal
import time
from pathlib import Path

import pytest

from tests.helpers.faults.disturbed_runs import PLAN, Child, Children, Place, assert_goes_on
from tests.helpers.faults.injected import fault

pytestmark = [pytest.mark.faults, pytest.mark.cluster]

STOP_SECONDS = 10


def _ctrl_c_once(child: Child) -> None:
    child.interrupt()


def _ctrl_c_twice(child: Child) -> None:
    child.interrupt()
    time.sleep(0.2)
    child.interrupt()


def _terminate(child: Child) -> None:
    child.process.send_signal(signal.SIGTERM)


@pytest.mark.parametrize("stop", [_ctrl_c_once, _ctrl_c_twice, _terminate])
def test_stopped_in_time_and_resumed(
    place: Place, undisturbed: Place, children: Children, stop
) -> None:
    child = children.start(place.words())
    assert child.until(lambda: len(place.finished()) >= 3, "3 chunks"), child.said()
    stop(child)
    deadline = time.monotonic() + STOP_SECONDS
    status = child.process.wait(STOP_SECONDS)
    child.gone(deadline - time.monotonic())
    # A second Ctrl-C may come when all is done but Python's own end: shells call that 130, too.
    assert status in (130, -signal.SIGINT), child.said()
    said = re.search(
        r"interrupted: (\d+) of 128 chunks are done; run the same command again to resume",
        child.said(),
    )
    assert "Traceback" not in child.said()
    assert list((place.folder / "tmp").iterdir()) == []
    kept = place.finished()
    assert said
    assert 3 <= int(said[1]) <= len(kept) <= len(PLAN)
    assert place.manifest.state == "interrupted"
    assert_goes_on(place, undisturbed, kept)


@pytest.mark.parametrize("library", ["_multiarray_umath", "libarrow", "llvmlite", "uvloop|tornado"])
def test_stopped_while_modules_are_imported(place: Place, children: Children, library: str) -> None:
    child = children.start(place.words())
    maps = Path(f"/proc/{child.process.pid}/maps")
    child.until(lambda: bool(re.search(library, maps.read_text())), f"the import of {library}")
    child.interrupt()
    assert child.process.wait(STOP_SECONDS) == 130
    assert child.said() == "stopped\n"
    assert not place.run_dir.exists()
    assert list((place.folder / "tmp").iterdir()) == []


def test_stopped_while_the_report_imports_modules(place: Place, children: Children) -> None:
    stop = fault("interrupt", module="plotly")
    child = children.start(place.words(), module="tests.helpers.faults.injected", environment=stop)
    assert child.ended() == 130, child.said()
    last = "stopped\nEvery chunk is done. Run the same command again for the report.\n"
    assert child.said().endswith(last)
    assert list((place.folder / "tmp").iterdir()) == []
    assert place.manifest.state == "finished"


@pytest.mark.parametrize("seconds", [1.0, 2.5])
@pytest.mark.parametrize("stop", [_ctrl_c_once, _ctrl_c_twice, _terminate])
def test_stopped_while_the_engine_is_compiled(
    place: Place, children: Children, tmp_path: Path, stop, seconds: float
) -> None:
    cache = {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    child = children.start(place.words(), environment=cache)
    assert child.until((place.run_dir / "run.json").is_file, "the beginning"), child.said()
    time.sleep(seconds)  # of ten or more
    stop(child)
    assert child.process.wait(STOP_SECONDS) == 130, child.said()
    assert (
        "interrupted: 0 of 128 chunks are done; run the same command again to resume"
        in child.said()
    )
    assert "Traceback" not in child.said()
    assert "Exception" not in child.said()
    assert list((place.folder / "tmp").iterdir()) == []
    assert place.manifest.state == "interrupted"
