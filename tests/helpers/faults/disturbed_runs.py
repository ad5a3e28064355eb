"""Command-line runs that a test disturbs, and the proof that nothing was lost."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from ib_grid.grid.chunks import ChunkPlan, plan_chunks
from ib_grid.grid.grid import Grid
from ib_grid.grid.named_grids import grid_from_mapping
from ib_grid.market.instruments import GER40
from ib_grid.runs.manifest import Manifest, read_manifest, write_manifest
from ib_grid.runs.partition_layout import partition_path, results_folder
from pipelines.config.configuration import load_settings
from pipelines.config.settings import Settings
from pipelines.inputs.inputs import read_inputs
from pipelines.run.run import RunResult, run
from tests.helpers.faults.serial_runs import without_workers
from tests.helpers.paths import ROOT
from tests.helpers.runs.small_runs import BARS, plain_console, rows

WAIT_SECONDS = 90.0

AXES = {
    "ib_sessions": ["08:00-08:30", "09:00-09:30"],
    "ib_wait_minutes": [0, 15],
    "trade_window_minutes": [60, 120],
    "rr_target": [1.0, 2.0],
    "tsl_target": [0.0, 0.5, 1.0],
    "ib_buffer_pct": [0.05, 0.1],
    "max_distance_pct": [0.5, 1.0],
}
GRID: Grid = grid_from_mapping(AXES, GER40)
PLAN: ChunkPlan = plan_chunks(GRID, 8)

# A finished partition: its file's number and the time it was written, by its place.
Finished = dict[Path, tuple[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A folder with a grid file and its run in ``results/run``.

    Attributes
    ----------
    folder : Path
    bars : Path
    """

    folder: Path
    bars: Path = BARS

    @property
    def run_dir(self) -> Path:
        return self.folder / "results" / "run"

    @property
    def dataset(self) -> Path:
        return results_folder(self.run_dir, "GER40")

    @property
    def manifest(self) -> Manifest:
        return read_manifest(self.run_dir)

    def grid_file(self) -> Path:
        path = self.folder / "grid.toml"
        path.write_text("\n".join(f"{name} = {values!r}" for name, values in AXES.items()))
        return path

    def words(self, *more: str) -> list[str]:
        """Return the command of the run."""
        named = {
            "--symbol": "GER40",
            "--data": self.bars,
            "--data-dir": self.folder,
            "--grid": self.grid_file(),
            "--output": self.folder / "results",
            "--run-dir": "run",
            "--chunk-size": 8,
        }
        if "--scheduler" not in more:
            named["--workers"] = 2
        own = ["run", "--no-news", "--no-robustness"]
        return [*own, *(str(word) for pair in named.items() for word in pair), *more]

    def settings(self, **changes: object) -> Settings:
        """Return the settings that equal the command."""
        values: dict[str, object] = {
            "symbol": "GER40",
            "data": self.bars,
            "data_dir": self.folder,
            "grid": str(self.grid_file()),
            "news_filter": False,
            "output": self.folder / "results",
            "run_dir": "run",
            "chunk_size": 8,
            "workers": 2,
        }
        return load_settings({**values, **changes})

    def finished(self) -> Finished:
        """Return the finished partitions."""
        found = {}
        for path in self.dataset.glob("session=*/wait_minutes=*/part-*.parquet"):
            about = path.stat()
            found[path.relative_to(self.dataset)] = (about.st_ino, about.st_mtime_ns)
        return found

    def partition(self, index: int) -> Path:
        return partition_path(self.dataset, GRID, PLAN.chunk(index))

    def left_over(self) -> list[Path]:
        return list(self.run_dir.rglob("*.partial"))

    def complete(self, **changes: object) -> tuple[RunResult, str]:
        """Complete the run in this process alone; return its result and its messages."""
        console, text = plain_console()
        settings = self.settings(**changes)
        with without_workers():
            return run(settings, read_inputs(settings), console), text.getvalue()


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """`ib-grid run` as a process with a session of its own, as in a terminal.

    Attributes
    ----------
    process : subprocess.Popen
    errors : Path
        File of its standard error.
    """

    process: subprocess.Popen[bytes]
    errors: Path

    def said(self) -> str:
        return self.errors.read_text()

    def until(self, happened: Callable[[], object], what: str) -> bool:
        """Wait for an event; return False if the process ends first."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not happened():
            if self.process.poll() is not None:
                return bool(happened())
            assert time.monotonic() < deadline, f"not within {WAIT_SECONDS} s: {what}"
            time.sleep(0.002)
        return True

    def ended(self, seconds: float = WAIT_SECONDS) -> int:
        """Return the exit status, once all processes of the run have ended."""
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            pytest.fail(f"not ended within {seconds} s: {self.said()}")
        self.gone()
        return status

    def members(self) -> list[psutil.Process]:
        return members(self.process.pid)

    def gone(self, seconds: float = 10) -> None:
        """Wait until no process of the run is left."""
        deadline = time.monotonic() + seconds
        while left := self.members():
            assert time.monotonic() < deadline, f"left behind: {_described(left)}"
            time.sleep(0.01)

    def interrupt(self) -> None:
        """Send SIGINT to every process, as Ctrl-C does in a terminal."""
        os.killpg(self.process.pid, signal.SIGINT)


def _described(processes: list[psutil.Process]) -> list[str]:
    described = []
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            described.append(f"{process.pid} {process.status()} {process.cmdline()}")
    return described


def members(leader: int) -> list[psutil.Process]:
    """Return the living processes of a session."""
    found = []
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return found


class Children:
    """Processes of one test, killed at its end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started: list[subprocess.Popen[bytes]] = []

    def start(
        self,
        words: Iterable[object],
        *,
        module: str = "pipelines.cli.main",
        environment: Mapping[str, str] | None = None,
        **popen: object,
    ) -> Child:
        """Start a module as a program with its temporary files in ``tmp``."""
        scratch = self._folder / "tmp"
        scratch.mkdir(exist_ok=True)
        errors = self._folder / f"errors-{len(self._started)}.txt"
        with errors.open("wb") as file:
            process = subprocess.Popen(  # type: ignore[call-overload]
                [sys.executable, "-m", module, *map(str, words)],
                **{
                    "cwd": ROOT,
                    "stdout": subprocess.DEVNULL,
                    "stderr": file,
                    "start_new_session": True,
                    "env": {**os.environ, "TMPDIR": str(scratch), **(environment or {})},
                    **popen,
                },
            )
        self._started.append(process)
        return Child(process=process, errors=errors)

    def end(self) -> None:
        for process in self._started:
            for member in members(process.pid):
                member.kill()
            process.kill()
            process.wait(10)


def partly_done(place: Place, undisturbed: Place, missing: Iterable[int]) -> None:
    """Copy an undisturbed run without some chunks, as if it had been killed."""
    shutil.copytree(undisturbed.run_dir, place.run_dir)
    for index in missing:
        place.partition(index).unlink()
    write_manifest(place.run_dir, dataclasses.replace(place.manifest, state="running"))


def assert_complete(place: Place, undisturbed: Place, kept: Finished) -> None:
    """Check that all rows equal the undisturbed run's and finished partitions are unchanged."""
    assert rows(place.dataset).equals(rows(undisturbed.dataset))
    assert kept.items() <= place.finished().items(), "a finished partition was written again"
    assert place.left_over() == []
    manifest = place.manifest
    assert manifest.state == "finished"
    if len(kept) < len(PLAN):
        last = manifest.attempts[-1]
        assert (last["state"], last["chunks_done"]) == ("finished", len(PLAN) - len(kept))


def assert_goes_on(place: Place, undisturbed: Place, kept: Finished) -> str:
    """Resume, and check that exactly the missing chunks are computed."""
    result, said = place.complete()
    assert result.computed == 8 * (len(PLAN) - len(kept))
    count = f"resumes, {len(kept)} of {len(PLAN)} chunks are done"
    assert (count if len(kept) < len(PLAN) else "is already complete") in said
    assert_complete(place, undisturbed, kept)
    return said
