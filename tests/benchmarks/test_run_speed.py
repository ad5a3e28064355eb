"""Time and memory of whole commands.

`python -m pytest tests/benchmarks -s`, on the real GER40 bars if present and on synthetic ones.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest

from ib_grid.market.bars import write_bars
from tests.benchmarks.test_engine_speed import bars
from tests.helpers.machines.peak_memory import peak_memory

GIBIBYTE = 2**30


def measure(command: Sequence[object], folder: Path) -> tuple[float, float]:
    """Run a command; return its seconds and the peak memory of all its processes in GiB."""
    started = time.perf_counter()
    process = psutil.Popen(
        [sys.executable, "-m", "pipelines.cli.main", *map(str, command)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )
    with peak_memory(process) as peak:
        status = process.wait()
    seconds = time.perf_counter() - started
    assert status == 0
    return seconds, peak[0] / GIBIBYTE


@pytest.mark.parametrize("source", ["real", "synthetic"])
def test_expanded_grid_on_two_workers(tmp_path: Path, source: str) -> None:
    write_bars(tmp_path / "bars.parquet", bars(source), symbol="GER40")
    options = ("--symbol", "GER40", "--data", "bars.parquet", "--no-news", "--workers", 2)
    options = (*options, "--no-robustness")
    measure(("run", *options, "--grid", "standard"), tmp_path)  # fills the kernels' cache
    seconds, memory = measure(("run", *options, "--grid", "expanded"), tmp_path)
    print(f"\nrun --grid expanded --workers 2, {source}: {seconds:.1f} s, {memory:.2f} GiB")


def test_demo_from_a_cold_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    seconds, memory = measure(("demo", "--workers", 2), tmp_path)
    print(f"\ndemo, first run: {seconds:.1f} s, {memory:.2f} GiB")
