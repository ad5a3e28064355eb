"""How the cost of a run grows with the combinations, the years and the workers.

One command per figure, from the root of the project, on a quiet machine; each appends a row to
the file given, one JSON object a line:

    python -m tests.benchmarks.cost_growth engine --million 1.5 --out growth.jsonl
    python -m tests.benchmarks.cost_growth run --million 1.5 --workers 2 --out growth.jsonl
    python -m tests.benchmarks.cost_growth run --million 1.5 --years 8 --out growth.jsonl
    python -m tests.benchmarks.cost_growth run --million 100 --workers 2 --out growth.jsonl
    python -m tests.benchmarks.cost_growth run --million 100 --columns ranking --out growth.jsonl
    python -m tests.benchmarks.cost_growth all --out growth.jsonl     # all but 100 million
    python -m tests.benchmarks.cost_growth draw growth.jsonl          # growth.md, growth.svg

``--million`` is one of `sizes.AXES`. Runs are written below ``--folder`` (the folder for temporary
files) and removed, unless ``--keep`` is given; 100 million combinations take 13 GB there. A run of
0.1 million before fills the kernels' cache, and Python's of the modules, as every first run after
an installation does; it is not measured.

What is measured of a run:

wall_seconds
    From the start of ``ib-grid run`` to its end, report included.
compute, write, dask, start_up, report
    Percent of that time. `compute` is the engine's share: the seconds that workers spent in the
    engine, over the number of workers; `write` the same of making and writing partition files.
    `dask` is what is left of the time from handing out the first chunk to the end of the last.
    `start_up` is before: imports, input, kernels, worker processes. `report` is after the run is
    finished: ranking and files.
memory_bytes
    The most that all processes held together: sum of PSS, sampled twice a second.
disk_bytes
    Of the partition files.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from ib_grid.engine.context import BacktestContext
from ib_grid.engine.execution import Execution
from ib_grid.engine.fast import engine
from ib_grid.grid.chunks import plan_chunks
from ib_grid.market.bars import write_bars
from ib_grid.market.instruments import GER40
from ib_grid.market.market import build_market
from pipelines.run import chunk_bag
from tests.benchmarks import sizes
from tests.benchmarks.drawing import draw

SHARES = ("compute", "write", "dask", "start_up", "report")
_SAMPLE_SECONDS = 0.5
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
        command.add_argument("--keep", action="store_true")
    commands.add_parser("draw").add_argument("rows", type=Path)
    return parser


def _all(asked: argparse.Namespace) -> None:
    """Every figure but those of 100 million combinations."""
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
    """The engine alone, on one core, in the chunks of a run on two workers."""
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
    """A whole ``ib-grid run``, from a cache of kernels that is full."""
    folder = Path(tempfile.mkdtemp(prefix="cost-growth-", dir=asked.folder))
    try:
        bars = sizes.bars_of(asked.years, sizes.real_bars())
        write_bars(folder / "bars.parquet", bars, symbol="GER40")
        for million in (0.1, asked.million):
            sizes.write_grid(folder / f"{million}.toml", million)
        _run(folder, 0.1, 1, "all")
        return _measured(folder, asked)
    finally:
        if asked.keep:
            print(f"kept: {folder}", flush=True)
        else:
            shutil.rmtree(folder)


def _run(folder: Path, million: float, workers: int, columns: str) -> psutil.Popen:
    words = ["run", "--symbol", "GER40", "--data", "bars.parquet", "--no-news"]
    words += ["--grid", f"{million}.toml", "--workers", str(workers), "--columns", columns]
    words += ["--run-dir", f"run-{million}"]
    env = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    env.pop("PYTHONDONTWRITEBYTECODE", None)  # or both caches would not be full
    command = [sys.executable, "-m", "pipelines.cli.main", *words]
    process = psutil.Popen(command, cwd=folder, env=env)
    with _memory_of(process) as most:
        if process.wait():
            raise SystemExit(f"ib-grid run ended with {process.returncode}")
    process.most_memory = most[0]
    return process


def _measured(folder: Path, asked: argparse.Namespace) -> Row:
    if asked.million == 0.1:
        shutil.rmtree(folder / "results")
    began, load = time.time(), os.getloadavg()[0]
    process = _run(folder, asked.million, asked.workers, asked.columns)
    wall = time.time() - began
    run_dir = folder / "results" / f"run-{asked.million}"
    finished = (run_dir / "run.json").stat().st_mtime  # written last when all chunks are done
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
        "memory_bytes": process.most_memory,
        "disk_bytes": sum(path.stat().st_size for path in files),
        "chunks": len(files),
        "load_before": round(load, 2),
    }


@contextmanager
def _memory_of(process: psutil.Process) -> Iterator[list[int]]:
    """The most bytes that a process and its descendants hold together; what they share, once."""
    most, done = [0], threading.Event()

    def watch() -> None:
        while not done.wait(_SAMPLE_SECONDS):
            most[0] = max(most[0], _held(process))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield most
    finally:
        done.set()
        watcher.join()


def _held(process: psutil.Process) -> int:
    total = 0
    try:
        for each in [process, *process.children(recursive=True)]:
            total += each.memory_full_info().pss
    except psutil.Error:
        pass  # it has ended meanwhile
    return total


if __name__ == "__main__":
    main()
