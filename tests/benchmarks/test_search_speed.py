"""Speed of searching random results of the whole expanded grid."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from ib_grid import analysis
from ib_grid.analysis import Run, load_run
from ib_grid.engine.execution_settings import Execution
from ib_grid.grid.chunks import plan_chunks
from ib_grid.grid.columns import METRIC_COLUMNS
from ib_grid.grid.named_grids import named_grid
from ib_grid.grid.params import PARAM_NAMES
from ib_grid.market.instruments import GER40
from ib_grid.runs.manifest import write_manifest
from ib_grid.runs.partition_file import results_table
from ib_grid.runs.partition_layout import partition_path, results_folder
from tests.helpers.runs.random_runs import manifest

GRID = named_grid("expanded", GER40)
ROWS_PER_CHUNK = 24_640
BIG = ("ib_buffer_pct", "max_distance_pct", "trade_window_minutes"), ("rr_target", "trailing")
ABOVE_ZERO = [name.endswith(("max_drawdown", "trades")) for name in METRIC_COLUMNS]

SEARCHES: dict[str, Callable[[Run], object]] = {
    "pivot, 200 x 154, median": lambda run: analysis.pivot(run, *BIG),
    "pivot, 200 x 154, a function": lambda run: analysis.pivot(run, *BIG, reduction=np.ptp),
    "variance_shares": analysis.variance_shares,
    "plateau_score, two steps": analysis.plateau_score,
    "pareto, 2 metrics": lambda run: analysis.pareto(
        run, {"total_r": "max", "max_drawdown": "min"}
    ),
    "pareto, 3 metrics": lambda run: analysis.pareto(
        run, {"total_r": "max", "max_drawdown": "min", "winrate": "max"}
    ),
    "slices": lambda run: analysis.slices(run, 777_777),
    "row": lambda run: run.row(777_777),
    "top": analysis.top,
    "groups, strict": lambda run: analysis.groups(run, strict=True),
}


def write_random_run(path: Path, seed: int, spread_points: float) -> Path:
    """Write a run directory of the expanded grid with random metrics, about 600 MB."""
    plan = plan_chunks(GRID, ROWS_PER_CHUNK)
    execution = Execution(spread_points=spread_points).to_dict()
    path.mkdir()
    write_manifest(path, manifest(GRID, ROWS_PER_CHUNK, execution=execution))
    random = np.random.default_rng(seed)
    for index in range(len(plan)):
        chunk = plan.chunk(index)
        metrics = random.normal(0, 20, (len(METRIC_COLUMNS), chunk.n_rows)).astype(np.float32)
        metrics[ABOVE_ZERO] = np.abs(metrics[ABOVE_ZERO]).round()
        file = partition_path(results_folder(path, "GER40"), GRID, chunk)
        file.parent.mkdir(parents=True, exist_ok=True)
        table = results_table(GRID, chunk, metrics)
        pq.write_table(table, file, compression="lz4", use_dictionary=list(PARAM_NAMES))
    return path


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("runs")
    return write_random_run(folder / "a", 1, 1.5), write_random_run(folder / "b", 2, 3.0)


@pytest.mark.parametrize("name", SEARCHES)
def test_search(benchmark: BenchmarkFixture, runs: tuple[Path, Path], name: str) -> None:
    run = load_run(runs[0])
    benchmark.pedantic(lambda: SEARCHES[name](run), rounds=3, warmup_rounds=1)


def test_comparing_two_runs(benchmark: BenchmarkFixture, runs: tuple[Path, Path]) -> None:
    a, b = map(load_run, runs)
    benchmark.pedantic(lambda: analysis.compare_runs(a, b), rounds=3, warmup_rounds=1)


@pytest.mark.parametrize("options", [(), ("--where", "tsl_target > 0 and max_drawdown < 12")])
def test_top_from_the_command_line(
    benchmark: BenchmarkFixture, runs: tuple[Path, Path], options: tuple[str, ...]
) -> None:
    command = [sys.executable, "-m", "pipelines.cli.main", "top", str(runs[0]), *options]

    def top() -> None:
        subprocess.run(command, check=True, capture_output=True, env=os.environ, timeout=60)

    benchmark.pedantic(top, rounds=5, warmup_rounds=1)
