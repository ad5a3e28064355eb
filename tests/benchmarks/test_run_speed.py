"""How long commands take from end to end, and the memory of all their processes.

`python -m pytest tests/benchmarks -s`. Like the engine's, on the real GER40 bars where they are at
hand, and on made-up ones.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest

from ib_grid.market.bars import write_bars
from tests.benchmarks.test_engine_speed import bars

GIBIBYTE = 2**30


def measure(command: Sequence[object], folder: Path) -> tuple[float, float]:
    """Seconds of a command, and the most memory (GiB) that its processes held together."""
    started = time.perf_counter()
    process = psutil.Popen(
        [sys.executable, "-m", "pipelines.cli.main", *map(str, command)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )
    most = 0
    done = threading.Event()

    def watch() -> None:
        nonlocal most
        while not done.wait(0.25):
            most = max(most, _held(process))

    watcher = threading.Thread(target=watch)
    watcher.start()
    status = process.wait()
    seconds = time.perf_counter() - started
    done.set()
    watcher.join()
    assert status == 0
    return seconds, most / GIBIBYTE


def _held(process: psutil.Process) -> int:
    """Bytes of a process and its descendants; what they share counts once."""
    total = 0
    try:
        for each in [process, *process.children(recursive=True)]:
            total += each.memory_full_info().pss
    except psutil.Error:
        pass  # it has ended meanwhile
    return total


@pytest.mark.parametrize("source", ["real", "made-up"])
def test_expanded_grid_on_two_workers(tmp_path: Path, source: str) -> None:
    write_bars(tmp_path / "bars.parquet", bars(source), symbol="GER40")
    options = ("--symbol", "GER40", "--data", "bars.parquet", "--no-news", "--workers", 2)
    measure(("run", *options, "--grid", "standard"), tmp_path)  # fills the kernels' cache
    seconds, memory = measure(("run", *options, "--grid", "expanded"), tmp_path)
    print(f"\nrun --grid expanded --workers 2, {source}: {seconds:.1f} s, {memory:.2f} GiB")


def test_demo_from_a_cold_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    seconds, memory = measure(("demo", "--workers", 2), tmp_path)
    print(f"\ndemo, first run: {seconds:.1f} s, {memory:.2f} GiB")
