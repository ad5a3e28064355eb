"""Runs of the command's own code whose chunks are computed one by one in this process."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ib_grid.errors import ChunkError, StoreError
from ib_grid.storage.paths import AnyPath
from pipelines.config.settings import Settings
from pipelines.inputs.inputs import RunInputs, read_inputs
from pipelines.run import attempt, chunk_bag, tasks
from pipelines.run import run as running
from pipelines.run.chunk_bag import Outcome
from pipelines.run.tasks import ChunkWork
from tests.helpers.runs.small_runs import plain_console, settings

GRID = """
ib_sessions = ["08:00-08:30", "09:00-09:30"]
ib_wait_minutes = [0]
trade_window_minutes = [60]
rr_target = [1.0, 2.0]
stop_mode = ["eq"]
tsl_target = [0.0]
rev_rb_enabled = [true]
ib_buffer_pct = [0.1]
max_distance_pct = [0.5, 1.0]
"""


class SerialCluster:
    """A cluster without workers."""

    planned_workers = 1

    def warnings(self) -> list[str]:
        return []

    @contextlib.contextmanager
    def open(self, at_most: int) -> Iterator[Any]:
        yield SimpleNamespace(count=1, dashboard_link="none", join_command="none")

    def check(self, *_: object) -> None:
        """Accept the workers."""


def _compute(work: ChunkWork, chunks: Sequence[int], *_: object) -> Outcome:
    done, failed = [], []
    for index in chunks:
        try:
            done.append(tasks.run_chunk(index, work))
        except StoreError as error:
            failed.append(ChunkError(error.message, location=error.location, hint=error.hint))
    return Outcome(done=tuple(done), failed=tuple(failed))


@contextlib.contextmanager
def without_workers() -> Iterator[None]:
    """Compute the chunks of runs one by one in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "choose_cluster", lambda _: SerialCluster())
        patch.setattr(chunk_bag, "compute", _compute)
        patch.setattr(attempt, "exit_on_interrupt", lambda _: contextlib.nullcontext())
        patch.setattr(tasks, "AWAY_SECONDS", (0.0,))
        yield


class SerialRun:
    """A grid to be run again and again, with its inputs read once."""

    def __init__(self, folder: Path) -> None:
        (folder / "few.toml").write_text(GRID)
        self._folder = folder
        self.inputs: RunInputs = read_inputs(self.settings(Path("unused")))

    def settings(self, output: AnyPath, **changes: object) -> Settings:
        """Return the settings of the run below a folder."""
        values = {"grid": str(self._folder / "few.toml"), "run_dir": "run", "chunk_size": 2}
        of_grid = settings(self._folder, **{**values, **changes})
        return dataclasses.replace(of_grid, output=output)

    def run(self, output: AnyPath, inputs: RunInputs | None = None, **changes: object) -> Any:
        """Run or resume the grid below a folder, and return the run directory."""
        return self.told(output, inputs, **changes)[0]

    def told(
        self, output: AnyPath, inputs: RunInputs | None = None, **changes: object
    ) -> tuple[Any, str]:
        """Run or resume the grid; return the run directory and the messages."""
        console, text = plain_console()
        with without_workers():
            done = running.run(self.settings(output, **changes), inputs or self.inputs, console)
        return done.folder, text.getvalue()
