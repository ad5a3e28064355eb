"""Runs disturbed at random, as long as asked: ``python -m tests.faults.processes.long_run``.

A run is started, killed, interrupted, frozen or damaged at a random moment, resumed until it ends,
and compared with an undisturbed one. A seed repeats the choices, not the exact moments.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from ib_grid.runs.manifest import RUN_FILE
from tests.helpers.faults.disturbed_runs import Child, Children, Place
from tests.helpers.runs.small_runs import rows

ATTEMPTS = 6  # disturbed attempts before a run is left alone
LONGEST_SECONDS = 600.0  # for an attempt that nothing disturbs

Draw = random.Random


def main() -> None:
    """Disturb runs for some minutes; end with status 1 at the first one that is wrong."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    options = parser.parse_args()
    draw = random.Random(options.seed)
    deadline = time.monotonic() + 60 * options.minutes
    done: Counter[str] = Counter()
    print(f"seed {options.seed}", flush=True)
    with _folder("undisturbed") as undisturbed:
        seconds = _complete(undisturbed)
        while time.monotonic() < deadline:
            done += _disturbed_run(draw, undisturbed, seconds)
            print(", ".join(f"{count} {what}" for what, count in sorted(done.items())), flush=True)


@contextmanager
def _folder(name: str) -> Iterator[Place]:
    with tempfile.TemporaryDirectory(prefix=f"{name}-") as folder:
        yield Place(folder=Path(folder))


def _complete(undisturbed: Place) -> float:
    """Complete a run that nothing disturbs, and return the seconds that it took."""
    started, children = time.monotonic(), Children(undisturbed.folder)
    try:
        child = children.start(undisturbed.words())
        if status := _ended(child):
            sys.exit(f"the undisturbed run: status {status}\n{child.said()}")
    finally:
        children.end()
    return time.monotonic() - started


def _disturbed_run(draw: Draw, undisturbed: Place, seconds: float) -> Counter[str]:
    """Start and disturb one run until it ends, compare it, and count what was done to it.

    An undisturbed run takes `seconds`.
    """
    done: Counter[str] = Counter(runs=1)
    with _folder("disturbed") as place:
        children = Children(place.folder)
        try:
            for attempt in range(ATTEMPTS):
                child = children.start(place.words(), environment={"NUMBA_NUM_THREADS": "1"})
                done["attempts"] += 1
                name = draw.choice(list(DISTURBANCES)) if attempt < ATTEMPTS - 1 else "left alone"
                if name != "left alone":
                    time.sleep(draw.uniform(0, seconds))
                    with suppress(ProcessLookupError, psutil.NoSuchProcess):  # it ended just now
                        DISTURBANCES[name](draw, child, place)
                    done[name] += 1
                status = _ended(child)
                _check_attempt(child, status, name)
                if status == 0 and _is_finished(place) and draw.random() < 0.7:
                    break
            _check_end(children, place, undisturbed)
        finally:
            children.end()
    return done


def _is_finished(place: Place) -> bool:
    """Return True if run.json says so; it may have been removed after the end."""
    return (place.run_dir / RUN_FILE).exists() and place.manifest.state == "finished"


def _ended(child: Child) -> int:
    """Return the exit status, once all processes of an attempt have ended."""
    status = child.process.wait(LONGEST_SECONDS)
    child.gone(LONGEST_SECONDS)
    return status


def _check_attempt(child: Child, status: int, name: str) -> None:
    allowed = {0, 1, 130, -signal.SIGKILL, -signal.SIGINT, -signal.SIGTERM, 143}
    if status not in allowed or "Traceback" in child.said():
        sys.exit(f"{name}: status {status}\n{child.said()}")


def _check_end(children: Children, place: Place, undisturbed: Place) -> None:
    """Resume once more, undisturbed; compare all rows and let ``verify`` judge the run."""
    last = children.start(place.words())
    if status := _ended(last):
        sys.exit(f"the run does not end: status {status}\n{last.said()}")
    if not rows(place.dataset).equals(rows(undisturbed.dataset)) or place.left_over():
        sys.exit(f"rows or files differ from those of an undisturbed run\n{last.said()}")
    judge = children.start(["verify", place.run_dir])
    if status := _ended(judge):
        sys.exit(f"verify: status {status}\n{judge.said()}")


def _signal_main(number: signal.Signals) -> Callable[[Draw, Child, Place], None]:
    def send(_draw: Draw, child: Child, _place: Place) -> None:
        if child.process.poll() is None:
            child.process.send_signal(number)

    return send


def _interrupt(_draw: Draw, child: Child, _place: Place) -> None:
    if child.process.poll() is None:
        child.interrupt()


def _kill_another(draw: Draw, child: Child, _place: Place) -> None:
    # Python itself gives a traceback when its tracker of resources is killed.
    others = [
        member.pid
        for member in child.members()
        if member.pid != child.process.pid and "resource_tracker" not in " ".join(member.cmdline())
    ]
    if others:
        os.kill(draw.choice(others), signal.SIGKILL)


def _freeze_worker(draw: Draw, child: Child, _place: Place) -> None:
    main = child.process.pid  # its own children serve Python, the grandchildren are workers
    workers = [found.pid for found in child.members() if main not in (found.pid, found.ppid())]
    if workers:
        os.kill(draw.choice(workers), signal.SIGSTOP)


def _lose_run_file(_draw: Draw, child: Child, place: Place) -> None:
    child.process.kill()
    (place.run_dir / RUN_FILE).unlink(missing_ok=True)


def _tear_partition(draw: Draw, child: Child, place: Place) -> None:
    child.process.kill()
    if paths := sorted(place.dataset.rglob("part-*.parquet")):
        path = draw.choice(paths)
        os.truncate(path, draw.randrange(path.stat().st_size))


DISTURBANCES: dict[str, Callable[[Draw, Child, Place], None]] = {
    "killed": _signal_main(signal.SIGKILL),
    "terminated": _signal_main(signal.SIGTERM),
    "interrupted": _interrupt,
    "another process killed": _kill_another,
    "worker frozen": _freeze_worker,
    "run.json lost": _lose_run_file,
    "partition torn": _tear_partition,
}

if __name__ == "__main__":
    main()
