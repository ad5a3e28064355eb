"""SIGKILL of the main process, of workers and of an external scheduler, then a resume."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from pathlib import Path

import pytest

from ib_grid.runs.manifest import RUN_FILE
from tests.helpers.faults.disturbed_runs import (
    PLAN,
    Child,
    Children,
    Place,
    assert_complete,
    assert_goes_on,
)
from tests.helpers.faults.injected import fault
from tests.helpers.runs.small_runs import rows

pytestmark = [pytest.mark.faults, pytest.mark.cluster]

SEED = 20
KILLS = 20


def test_main_process_killed_at_20_random_moments(
    place: Place, undisturbed: Place, children: Children
) -> None:
    draw = random.Random(SEED)
    moments = [_while_starting] * 6 + [_while_computing] * 9
    draw.shuffle(moments)
    kept, killed, progressed, started = place.finished(), 0, 0, []
    for moment in [*moments, *[_while_reporting] * 8]:
        child = children.start(place.words())
        moment(child, place, draw)
        killed += child.process.poll() is None
        child.process.kill()  # the next one starts at once, its place must be free
        child.process.wait(10)
        started.append(child)
        now = place.finished()
        assert kept.items() <= now.items(), "a finished partition was written again"
        progressed += len(now) > len(kept)
        kept = now
        if killed == KILLS:
            break
    assert killed == KILLS
    assert progressed > 5
    child = children.start(place.words())
    assert child.ended() == 0, child.said()
    for dead in started:
        dead.gone(0)
    assert_complete(place, undisturbed, kept)
    assert len(list((place.folder / "results").iterdir())) == 1


def _while_starting(_child: Child, _place: Place, draw: random.Random) -> None:
    time.sleep(draw.uniform(0, 2.5))


def _while_computing(child: Child, place: Place, draw: random.Random) -> None:
    before, more = len(place.finished()), draw.randint(1, 12)
    wanted = min(before + more, len(PLAN))
    child.until(lambda: len(place.finished()) >= wanted, f"{wanted} chunks")
    time.sleep(draw.uniform(0, 0.02))


def _while_reporting(child: Child, _place: Place, draw: random.Random) -> None:
    complete = ("100%", "is already complete")
    child.until(lambda: any(text in child.said() for text in complete), "the end of the chunks")
    time.sleep(draw.uniform(0, 1))


def _killed_in_chunk_7(child: Child, marks: Path, times: int) -> None:
    for _ in range(times):
        known = set(marks.iterdir())

        def another(known: set[Path] = known) -> bool:
            return set(marks.iterdir()) > known

        assert child.until(another, "a worker in chunk 7"), child.said()
        (mark,) = set(marks.iterdir()) - known
        os.kill(int(mark.name), signal.SIGKILL)


def test_worker_killed_in_a_chunk(
    place: Place, undisturbed: Place, children: Children, marks: Path
) -> None:
    held = fault("hold", marks=str(marks), chunk=7, times=1)
    child = children.start(place.words(), module="tests.helpers.faults.injected", environment=held)
    _killed_in_chunk_7(child, marks, 1)
    before = place.finished()
    assert child.ended() == 0, child.said()
    assert before.items() <= place.finished().items()
    assert_complete(place, undisturbed, {})


def test_worker_killed_repeatedly_in_one_chunk(
    place: Place, undisturbed: Place, children: Children, marks: Path
) -> None:
    held = fault("hold", marks=str(marks), chunk=7, times=10)
    child = children.start(place.words(), module="tests.helpers.faults.injected", environment=held)
    _killed_in_chunk_7(child, marks, 3)
    assert child.ended() == 1, child.said()
    assert "error: 3 workers died while computing this chunk" in child.said()
    assert "in chunk 7, combinations 56 to 63" in child.said()
    assert (
        "to do: run the same command again to resume, with fewer --workers if memory ran out"
        in child.said()
    )
    assert "Traceback" not in child.said()
    manifest = place.manifest
    assert manifest.state == "failed"
    assert manifest.attempts[-1]["chunks_failed"] == 1
    kept = place.finished()
    assert len(kept) == len(PLAN) - 1
    assert_goes_on(place, undisturbed, kept)


def test_main_process_killed_during_top_k(place: Place, children: Children) -> None:
    kept_whole = Place(folder=place.folder / "undisturbed")
    kept_whole.folder.mkdir()
    kept_whole.complete(top_k="300")

    child = children.start(place.words("--top-k", "300"))
    assert child.until(
        lambda: (place.run_dir / RUN_FILE).exists() and place.manifest.cut, "the cut"
    )
    before = place.finished()
    assert child.until(lambda: len(before.items() - place.finished().items()) >= 9, "files cut")
    child.process.kill()
    child.process.wait(10)
    child.gone()
    now = place.finished()
    cut = {path: now[path] for path in now if now[path] != before[path]}
    assert 9 <= len(cut) < len(PLAN)

    result, _ = place.complete(top_k="300")
    assert (result.computed, place.manifest.state) == (0, "finished")
    assert cut.items() <= place.finished().items(), "a file that was cut was written again"
    assert rows(place.dataset).num_rows == 300
    assert rows(place.dataset).equals(rows(kept_whole.dataset))
    assert place.left_over() == []


def cluster(place: Place, children: Children) -> tuple[Child, str]:
    """Start a scheduler and two workers; return the scheduler and its address."""
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
    assert "error: the connection to the scheduler or its workers was lost" in child.said()
    assert "run the same command again to resume; finished chunks are kept" in child.said()
    assert "Traceback" not in child.said()
    assert place.manifest.state == "failed"
    children.end()
    kept = place.finished()
    assert len(kept) >= 3
    assert_goes_on(place, undisturbed, kept)


@pytest.mark.parametrize(
    ("point", "details"),
    [
        ("footer", {"times": 2}),
        ("rename", {"times": 2}),
        ("rename", {"main": True, "nth": 2}),
        ("manifest", {"main": True, "nth": 2}),
        ("cache", {"main": True}),
    ],
)
def test_killed_at_a_named_point(
    place: Place, undisturbed: Place, children: Children, marks: Path, point: str, details: dict
) -> None:
    killed = fault("kill", point=point, marks=str(marks), **details)
    child = children.start(
        place.words(), module="tests.helpers.faults.injected", environment=killed
    )
    status = child.ended()
    assert len(list(marks.iterdir())) == details.get("times", 1), child.said()
    assert "Traceback" not in child.said()
    assert status == (-signal.SIGKILL if details.get("main") else 0), child.said()
    kept = place.finished()
    place.complete()
    assert rows(place.dataset).equals(rows(undisturbed.dataset))
    assert kept.items() <= place.finished().items()
    assert place.left_over() == []
    assert place.manifest.state == "finished"
