"""A small grid on the synthetic golden bars, as settings, as a file and as run inputs."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from rich.console import Console

from ib_grid.grid.chunks import Chunk, ChunkPlan, plan_chunks
from ib_grid.grid.columns import METRIC_COLUMNS, METRIC_NAMES
from ib_grid.grid.grid import Grid
from ib_grid.grid.named_grids import grid_from_mapping
from ib_grid.market.instruments import GER40
from ib_grid.runs.partition_layout import partition_files
from ib_grid.storage.paths import AnyPath
from pipelines.config.configuration import load_settings
from pipelines.config.settings import Settings
from pipelines.inputs.inputs import read_inputs
from pipelines.run.tasks import ChunkWork
from tests.helpers.paths import GOLDEN

BARS = GOLDEN / "GER40_synthetic" / "m1.parquet"

GRID_TOML = """
ib_sessions = ["08:00-08:30", "09:00-09:30"]
ib_wait_minutes = [0, 15]
trade_window_minutes = [60]
rr_target = [1.0, 2.0]
tsl_target = [0.0, 0.5, 1.0]
ib_buffer_pct = [0.1]
max_distance_pct = [0.5, 1.0]
"""
AXES = {
    "ib_sessions": ["08:00-08:30", "09:00-09:30"],
    "ib_wait_minutes": [0, 15],
    "trade_window_minutes": [60],
    "rr_target": [1.0, 2.0],
    "tsl_target": [0.0, 0.5, 1.0],
    "ib_buffer_pct": [0.1],
    "max_distance_pct": [0.5, 1.0],
}
GRID: Grid = grid_from_mapping(AXES, GER40)
FINGERPRINT = "f" * 64


def settings(folder: Path, **changes: object) -> Settings:
    """Return settings of the small grid with its results in a folder."""
    grid_file = folder / "grid.toml"
    grid_file.write_text(GRID_TOML)
    values: dict[str, object] = {
        "symbol": "GER40",
        "data": BARS,
        "grid": str(grid_file),
        "news_filter": False,
        "output": folder / "results",
        "workers": 2,
        "chunk_size": 8,
    }
    return load_settings({**values, **changes})


def work(folder: Path, **changes: object) -> ChunkWork:
    """Return the work of a run of the small grid, with its results in a folder."""
    inputs = read_inputs(settings(folder))
    values: dict[str, object] = {
        "context": inputs.context,
        "plan": plan_chunks(GRID, 8),
        "dataset": folder / "GER40_full_results.parquet",
        "fingerprint": FINGERPRINT,
        "min_trades": 10,
    }
    return ChunkWork(**{**values, **changes})  # type: ignore[arg-type]


def made_up_metrics(chunk: Chunk) -> NDArray[np.float32]:
    """Return random metrics, different in each row."""
    random = np.random.default_rng(chunk.index)
    metrics = random.normal(0, 5, (len(METRIC_COLUMNS), chunk.n_rows))
    for row, name in enumerate(METRIC_COLUMNS):
        if name.endswith(METRIC_NAMES[1]):
            metrics[row] = random.integers(0, 40, chunk.n_rows)
    return metrics.astype(np.float32)


def rows(dataset: AnyPath) -> pa.Table:
    """Return all rows of a data set in id order."""
    contents = (pa.BufferReader(path.read_bytes()) for path in partition_files(dataset))
    tables = [pq.ParquetFile(content).read() for content in contents]
    return pa.concat_tables(tables).replace_schema_metadata(None).sort_by("combo_id")


def plain_console() -> tuple[Console, io.StringIO]:
    """Return a console that is not a terminal, and its text."""
    text = io.StringIO()
    return Console(file=text, width=200), text


PLAN: ChunkPlan = plan_chunks(GRID, 8)
