"""A small grid, and runs of random rows on it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import openpyxl
import pytest

from ib_grid.analysis import RunSource
from ib_grid.grid.grid import Grid
from ib_grid.grid.named_grids import grid_from_mapping
from ib_grid.market.instruments import GER40
from pipelines.report.write import write_report
from tests.helpers.html_page import Element, read_page
from tests.helpers.runs.reported_runs import AXES, MadeUpRun, random_rows, run_info, write_rows
from tests.helpers.runs.traded_runs import traded_run


@pytest.fixture(scope="session")
def grid() -> Grid:
    return grid_from_mapping(AXES, GER40)


def _make_run(
    folder: Path,
    grid: Grid,
    *,
    seed: int = 1,
    most_trades: int = 40,
    chunks: slice = slice(None),
    **info: object,
) -> MadeUpRun:
    rows = random_rows(grid, seed, most_trades=most_trades)
    run_dir = folder / "GER40_512combos_20240102_030405"
    write_rows(run_dir, grid, rows, 128, chunks)
    return MadeUpRun(run_dir, run_info(grid, **info), rows)


@pytest.fixture
def make_run(tmp_path: Path, grid: Grid) -> Callable[..., MadeUpRun]:
    return partial(_make_run, tmp_path, grid)


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory, grid: Grid) -> MadeUpRun:
    """Return a run with its report and workbook, for tests that only read them."""
    run = _make_run(tmp_path_factory.mktemp("written"), grid)
    write_report(run.report(), run.run_dir, excel=True)
    return run


@pytest.fixture(scope="session")
def workbook(written: MadeUpRun) -> openpyxl.Workbook:
    """Return the workbook of `written`."""
    return openpyxl.load_workbook(written.run_dir / "GER40_results.xlsx")


@pytest.fixture(scope="session")
def traded(tmp_path_factory: pytest.TempPathFactory, grid: Grid) -> tuple[MadeUpRun, RunSource]:
    run, source = traded_run(tmp_path_factory.mktemp("traded"), grid)
    write_report(run.report(source), run.run_dir)
    return run, source


@pytest.fixture(scope="session")
def page(traded: tuple[MadeUpRun, RunSource]) -> Element:
    return read_page((traded[0].run_dir / "GER40_report.html").read_text())
