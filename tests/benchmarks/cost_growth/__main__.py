"""Measure how the cost of a run grows with combinations, years and workers.

Run one command per figure from the project folder, on a machine without other load. Each command
appends a row to a file, one JSON object per line:

    python -m tests.benchmarks.cost_growth engine --million 1.5 --out growth.jsonl
    python -m tests.benchmarks.cost_growth run --million 1.5 --workers 2 --out growth.jsonl
    python -m tests.benchmarks.cost_growth run --million 1.5 --years 8 --out growth.jsonl
    python -m tests.benchmarks.cost_growth run --million 100 --workers 2 --out growth.jsonl
    python -m tests.benchmarks.cost_growth run --million 100 --columns ranking --out growth.jsonl
    python -m tests.benchmarks.cost_growth all --out growth.jsonl     # all but 100 million
    python -m tests.benchmarks.cost_growth draw growth.jsonl          # growth.md, growth.svg

`--million` is a key of `sizes.AXES`. Runs are written below `--folder` (by default the folder for
temporary files) and removed afterwards, unless `--keep-files` is given; 100 million combinations
need 13 GB. A first run of 0.1 million combinations, which is not measured, fills the kernel cache
and Python's bytecode cache.

Columns of a run:

wall_seconds
    From the start of `ib-grid run` to its end, report included.
compute, write, dask, start_up, report
    Percent of the wall time. `compute`: the workers' seconds in the engine, divided by their
    number. `write`: the same for partition files. `dask`: the rest of the time between the first
    chunk and the last. `start_up`: imports, inputs, kernels and worker processes. `report`:
    ranking and report files.
memory_bytes
    Peak memory of all processes together (sum of PSS).
disk_bytes
    Size of the partition files.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from ib_grid.engine.context import BacktestContext
from ib_grid.engine.execution_settings import Execution
from ib_grid.engine.fast import engine
from ib_grid.grid.chunks import plan_chunks
from ib_grid.market.bars import write_bars
from ib_grid.market.instruments import GER40
from ib_grid.market.market import build_market
from pipelines.run import chunk_bag
from tests.benchmarks.cost_growth import sizes
from tests.benchmarks.cost_growth.drawing import draw
from tests.helpers.machines.peak_memory import peak_memory

SHARES = ("compute", "write", "dask", "start_up", "report")
_ALL_YEARS = (1, 2, 4, 8)

Row = dict[str, float | str]


def main(words: Sequence[str] | None = None) -> None:
    asked = _parser().parse_args(words)
    if asked.what == "draw":
        rows = [json.loads(line) for line in asked.rows.read_text().splitlines()]
        for path in draw(rows, asked.rows):
            print(path)
    elif asked.what == "all":
        _all(asked)
    else:
        _one(asked)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="what", required=True)
    for name in ("engine", "run", "all"):
        command = commands.add_parser(name)
        command.add_argument("--out", type=Path, required=True)
        command.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
        command.add_argument("--million", type=float, default=1.5, choices=sorted(sizes.AXES))
        command.add_argument("--years", type=int, default=sizes.N_REAL_YEARS)
        command.add_argument("--workers", type=int, default=2)
        command.add_argument("--columns", default="all")
        command.add_argument("--keep-files", action="store_true")
    commands.add_parser("draw").add_argument("rows", type=Path)
    return parser


def _all(asked: argparse.Namespace) -> None:
    """Measure every figure except those of 100 million combinations."""
    for million in (0.1, 1.5, 3.0, 6.0, 10.0):
        _one(_changed(asked, what="engine", million=million))
        for workers in (1, 2):
            _one(_changed(asked, what="run", million=million, workers=workers))
    for years in _ALL_YEARS:
        _one(_changed(asked, what="engine", years=years))
        _one(_changed(asked, what="run", years=years))


def _changed(asked: argparse.Namespace, **changes: object) -> argparse.Namespace:
    return argparse.Namespace(**{**vars(asked), **changes})


def _one(asked: argparse.Namespace) -> None:
    measure = measure_engine if asked.what == "engine" else measure_run
    row = {"what": asked.what, **_size(asked), **measure(asked)}
    with asked.out.open("a") as file:
        file.write(json.dumps(row) + "\n")
    print(json.dumps(row), flush=True)


def _size(asked: argparse.Namespace) -> Row:
    workers = {"workers": asked.workers, "columns": asked.columns} if asked.what == "run" else {}
    n_combinations = len(sizes.grid_of(asked.million))
    return {
        "million": asked.million,
        "combinations": n_combinations,
        "years": asked.years,
    } | workers


def measure_engine(asked: argparse.Namespace) -> Row:
    """Measure the engine alone, on one core, in the chunks of a run with two workers."""
    grid = sizes.grid_of(asked.million)
    bars = sizes.bars_of(asked.years, sizes.real_bars())
    market = build_market(bars, grid.sessions, grid.horizon_minutes)
    context = BacktestContext(market, Execution(spread_points=GER40.spread_points))
    engine.warm_up(market, grid)
    plan = plan_chunks(grid, chunk_bag.rows_per_chunk(grid, 2))
    started = time.perf_counter()
    for index in range(len(plan)):
        engine.evaluate(context, grid, plan.chunk(index))
    return {"wall_seconds": round(time.perf_counter() - started, 2), "chunks": len(plan)}


def measure_run(asked: argparse.Namespace) -> Row:
    """Measure a whole `ib-grid run` with a filled kernel cache."""
    folder = Path(tempfile.mkdtemp(prefix="cost-growth-", dir=asked.folder))
    try:
        bars = sizes.bars_of(asked.years, sizes.real_bars())
        write_bars(folder / "bars.parquet", bars, symbol="GER40")
        for million in (0.1, asked.million):
            sizes.write_grid(folder / f"{million}.toml", million)
        _run(folder, 0.1, 1, "all")
        return _measured(folder, asked)
    finally:
        if asked.keep_files:
            print(f"files kept in {folder}", flush=True)
        else:
            shutil.rmtree(folder)


def _run(folder: Path, million: float, workers: int, columns: str) -> int:
    words = ["run", "--symbol", "GER40", "--data", "bars.parquet", "--no-news"]
    words += ["--no-robustness"]
    words += ["--grid", f"{million}.toml", "--workers", str(workers), "--columns", columns]
    words += ["--run-dir", f"run-{million}"]
    env = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    env.pop("PYTHONDONTWRITEBYTECODE", None)  # would leave the bytecode cache empty
    command = [sys.executable, "-m", "pipelines.cli.main", *words]
    process = psutil.Popen(command, cwd=folder, env=env)
    with peak_memory(process) as peak:
        if process.wait():
            raise SystemExit(f"ib-grid run ended with {process.returncode}")
    return peak[0]


def _measured(folder: Path, asked: argparse.Namespace) -> Row:
    if asked.million == 0.1:
        shutil.rmtree(folder / "results")
    began, load = time.time(), os.getloadavg()[0]
    memory_bytes = _run(folder, asked.million, asked.workers, asked.columns)
    wall = time.time() - began
    run_dir = folder / "results" / f"run-{asked.million}"
    finished = (run_dir / "run.json").stat().st_mtime  # last written when the last chunk is done
    (attempt,) = json.loads((run_dir / "run.json").read_text())["attempts"]
    seconds, of_workers = attempt["seconds"], attempt["worker_seconds"]
    compute, write = (of_workers[n] / attempt["workers"] for n in ("compute", "write"))
    report = began + wall - finished
    parts = {
        "compute": compute,
        "write": write,
        "dask": seconds["compute"] - compute - write,
        "report": report,
        "start_up": wall - report - seconds["compute"],
    }
    files = list(run_dir.rglob("part-*.parquet"))
    return {
        "wall_seconds": round(wall, 2),
        **{name: round(100 * parts[name] / wall, 1) for name in SHARES},
        "memory_bytes": memory_bytes,
        "disk_bytes": sum(path.stat().st_size for path in files),
        "chunks": len(files),
        "load_before": round(load, 2),
    }


if __name__ == "__main__":
    main()
