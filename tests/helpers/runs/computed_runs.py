"""Small runs, computed in this process, to be verified or damaged."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from ib_grid.grid.chunks import plan_chunks
from ib_grid.grid.columns import METRIC_COLUMNS
from ib_grid.grid.params import PARAM_NAMES
from ib_grid.runs import partition_file
from ib_grid.runs.chunk_summary import Summary, summarise
from ib_grid.runs.fingerprint import fingerprint
from ib_grid.runs.manifest import Manifest, read_manifest, write_manifest
from ib_grid.runs.partition_layout import chunk_of, partition_files, partition_path, results_folder
from pipelines.inputs.inputs import read_inputs
from pipelines.run.run import new_manifest
from pipelines.run.tasks import ChunkWork, run_chunk
from pipelines.verify import Check, Verification, verify_run
from tests.helpers.paths import GOLDEN
from tests.helpers.runs.small_runs import settings

# 16 combinations in 8 chunks of two sessions and two waits.
GRID = """
ib_sessions = ["{a}", "{b}"]
ib_wait_minutes = [0, 15]
trade_window_minutes = [60]
rr_target = [1.0, 2.0]
stop_mode = ["eq"]
tsl_target = [0.0]
rev_rb_enabled = [true]
ib_buffer_pct = [0.1]
max_distance_pct = [0.5, 1.0]
"""
SESSIONS = {"GER40": ("08:00-08:30", "09:00-09:30"), "XAUUSD": ("09:00-09:30", "10:00-10:30")}
N_CHUNKS, N_ROWS = 8, 16


def computed_run(folder: Path, symbol: str = "GER40", **changes: object) -> Path:
    """Write a finished run without a report."""
    grid = folder / "verified.toml"
    a, b = SESSIONS[symbol]
    grid.write_text(GRID.format(a=a, b=b))
    bars = folder / "bars.parquet"
    bars.write_bytes((GOLDEN / f"{symbol}_synthetic" / "m1.parquet").read_bytes())
    values = {"symbol": symbol, "data": bars, "grid": str(grid), "chunk_size": 2, **changes}
    asked = settings(folder, **values)
    inputs = read_inputs(asked)
    plan = plan_chunks(inputs.grid, asked.chunk_size or len(inputs.grid))
    manifest = dataclasses.replace(new_manifest(asked, inputs, plan), state="finished")
    run_dir = folder / "results" / "run"
    run_dir.mkdir(parents=True)
    work = ChunkWork(
        context=inputs.context,
        plan=manifest.plan(),
        dataset=results_folder(run_dir, symbol),
        fingerprint=manifest.fingerprint,
        min_trades=manifest.ranking["min_trades"],  # type: ignore[arg-type]
        row_filter=manifest.row_filter,
    )
    for index in range(len(work.plan)):
        run_chunk(index, work)
    write_manifest(run_dir, manifest)
    return run_dir


def verified(
    run_dir: Path, *, sample: int = 0, seed: int = 1, bars: Path | None = None
) -> Verification:
    """Verify a run, by default without a sample."""
    return verify_run(run_dir, sample=sample, seed=seed, bars=bars, progress=lambda *_: None)


def checks(found: Verification) -> dict[str, Check]:
    """Return the checks by name, without the number of trades."""
    return {check.name.split(" (")[0]: check for check in found.checks}


def problems(found: Verification) -> list[str]:
    """All problems found."""
    return [line for check in found.checks for line in check.problems]


def dataset_of(run_dir: Path) -> Path:
    return results_folder(run_dir, read_manifest(run_dir).symbol)


def files(run_dir: Path) -> list[Path]:
    return partition_files(dataset_of(run_dir))


def change_manifest(run_dir: Path, **changes: object) -> Manifest:
    manifest = dataclasses.replace(read_manifest(run_dir), **changes)  # type: ignore[arg-type]
    write_manifest(run_dir, manifest)
    return manifest


def rewrite(
    run_dir: Path,
    chunk_index: int,
    *,
    metric: str = "total_r",
    add: float = 0.0,
    summary: Summary | None = None,
) -> None:
    """Write a chunk anew, as the run would, with a metric of its first row changed.

    The record goes with the changed rows unless a summary is given.
    """
    manifest = read_manifest(run_dir)
    plan = manifest.plan()
    chunk = plan.chunk(chunk_index)
    path = partition_path(dataset_of(run_dir), plan.grid, chunk)
    table = pq.ParquetFile(path).read()
    metrics = np.array([table[name].to_numpy() for name in METRIC_COLUMNS])
    metrics[METRIC_COLUMNS.index(metric), 0] += np.float32(add)
    said = summary or summarise(chunk, metrics, 10)
    rows = partition_file.results_table(plan.grid, chunk, metrics)
    partition_file.write(path, rows, chunk, manifest.fingerprint, said)


def make_older(run_dir: Path, results_version: int) -> Manifest:
    """Write a run anew as an ib-grid of an older results version would have."""
    older = dataclasses.replace(read_manifest(run_dir), results_version=results_version)
    older = change_manifest(
        run_dir, results_version=results_version, fingerprint=fingerprint(older.identity)
    )
    for path in files(run_dir):
        summary = partition_file.read_record(path).summary
        rows = pq.ParquetFile(path).read().select(["combo_id", *PARAM_NAMES, *older.metrics])
        chunk = chunk_of(dataset_of(run_dir), path, older.plan())
        partition_file.write(path, rows, chunk, older.fingerprint, summary)
    return older
