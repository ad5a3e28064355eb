"""A small grid and made-up runs of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ib_grid.grid import Grid, grid_from_mapping
from ib_grid.instruments import GER40
from tests.report.made_up import AXES, MadeUpRun, random_rows, run_info, write_rows


@pytest.fixture(scope="session")
def grid() -> Grid:
    return grid_from_mapping(AXES, GER40)


@pytest.fixture
def make_run(tmp_path: Path, grid: Grid) -> Callable[..., MadeUpRun]:
    def make(
        *, seed: int = 1, most_trades: int = 40, chunks: slice = slice(None), **info: object
    ) -> MadeUpRun:
        rows = random_rows(grid, seed, most_trades=most_trades)
        run_dir = tmp_path / "GER40_512combos_20240102_030405"
        write_rows(run_dir, grid, rows, 128, chunks)
        return MadeUpRun(run_dir, run_info(grid, **info), rows)

    return make
