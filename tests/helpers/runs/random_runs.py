"""Runs of random rows with a manifest: complete, interrupted, or with some columns and rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from ib_grid.engine.execution_settings import Execution
from ib_grid.engine.results_version import RESULTS_VERSION
from ib_grid.grid.chunks import plan_chunks
from ib_grid.grid.columns import METRIC_COLUMNS, RESULT_COLUMNS, result_schema
from ib_grid.grid.filters.row_filter import NO_FILTER, RowFilter, TopKThreshold
from ib_grid.grid.grid import Grid
from ib_grid.grid.named_grids import grid_from_mapping
from ib_grid.market.instruments import GER40, INSTRUMENTS
from ib_grid.news.filter import NO_NEWS
from ib_grid.news.statement import NewsStatement
from ib_grid.runs import partition_file
from ib_grid.runs.chunk_summary import summarise
from ib_grid.runs.fingerprint import fingerprint, identity
from ib_grid.runs.manifest import Manifest, versions, write_manifest
from ib_grid.runs.partition_layout import partition_path, results_folder
from tests.helpers.runs.reported_runs import random_rows

AXES: dict[str, list[object]] = {
    "ib_sessions": ["08:00-08:30", "09:00-09:30"],
    "ib_wait_minutes": [15, 0],  # not in order, on purpose
    "trade_window_minutes": [60],
    "rr_target": [0.5, 1.0, 2.0],
    "stop_mode": ["ib_start", "eq"],
    "tsl_target": [0, 0.5, 1.0],
    "tsl_sl": [0.5, 1.0],
    "rev_rb_enabled": [True, False],
    "rev_rb_pct": [0.25, 0.5],
    "ib_buffer_pct": [0.0, 0.1, 0.2],
    "max_distance_pct": [0.5],
}
GRID = grid_from_mapping(AXES, GER40)  # 864 combinations
ROWS_PER_CHUNK = 72


def manifest(
    grid: Grid,
    rows_per_chunk: int,
    keep: RowFilter = NO_FILTER,
    cut: TopKThreshold | None = None,
    **changes: object,
) -> Manifest:
    """Return the manifest of a random run."""
    plan = plan_chunks(grid, rows_per_chunk)
    parts = {
        "symbol": "GER40",
        "grid": grid.to_dict(),
        "execution": Execution(spread_points=1.5).to_dict(),
        "news": NO_NEWS.to_dict(),
        **changes,
    }
    data = {"sha256": "a" * 64, "bars": 5, "first": "2024-01-02T07:00Z"}
    return Manifest(
        **parts,  # type: ignore[arg-type]
        instrument=INSTRUMENTS[str(parts["symbol"])].to_dict(),
        news_statement=NewsStatement(enabled=False),
        data={**data, "file": "bars.parquet", "last": "2024-01-02T07:04Z"},
        ranking={"weights": {"total_r": 1.0}, "min_trades": 10},
        results_version=RESULTS_VERSION,
        combinations=len(grid),
        chunks=len(plan),
        settings_per_chunk=plan.settings_per_chunk,
        versions=versions(),
        fingerprint=fingerprint(
            identity(**parts, data_sha256="a" * 64, keep=keep.identity)  # type: ignore[arg-type]
        ),
        keep=keep.to_dict(),
        cut=cut.to_dict() if cut else {},
        state="finished",
        created_utc="2024-05-01T00:00:00+00:00",
        attempts=({"workers": 2},),
    )


def write_run(
    path: Path,
    grid: Grid = GRID,
    rows: pd.DataFrame | None = None,
    *,
    seed: int = 1,
    rows_per_chunk: int = ROWS_PER_CHUNK,
    chunks: slice = slice(None),
    columns: tuple[str, ...] = RESULT_COLUMNS,
    keep: Callable[[pd.DataFrame], pd.Series] | None = None,
    of_manifest: dict[str, Any] | None = None,
    **identity_changes: object,
) -> pd.DataFrame:
    """Write a run directory; return its rows."""
    rows = random_rows(grid, seed) if rows is None else rows
    path.mkdir(parents=True, exist_ok=True)
    described = manifest(grid, rows_per_chunk, **(of_manifest or {}), **identity_changes)
    write_manifest(path, described)
    plan, schema = plan_chunks(grid, rows_per_chunk), result_schema()
    stored = [name for name in schema.names if name in columns or name not in METRIC_COLUMNS]
    written = []
    for index in range(len(plan))[chunks]:
        chunk = plan.chunk(index)
        part = rows.iloc[chunk.first_id : chunk.first_id + chunk.n_rows]
        summary = summarise(chunk, part[list(METRIC_COLUMNS)].to_numpy(np.float32).T, 10)
        part = part[keep(part)] if keep else part
        table = pa.Table.from_arrays(
            [pa.array(part[field.name].to_numpy(), field.type) for field in schema], schema=schema
        )
        file = partition_path(results_folder(path, "GER40"), grid, chunk)
        partition_file.write(file, table.select(stored), chunk, described.fingerprint, summary)
        written.append(part)
    return pd.concat(written).reset_index(drop=True)


def cube_of(rows: pd.DataFrame, column: str, grid: Grid = GRID) -> np.ndarray:
    """Return a metric as an array of the grid's shape, filled row by row."""
    cube = np.full(grid.shape, np.nan, np.float32)
    for combo_id, value in zip(rows["combo_id"], rows[column], strict=True):
        cube[np.unravel_index(combo_id, grid.shape)] = value
    return cube


@contextmanager
def only(files: Mapping[int, Path], indices: list[int]) -> Iterator[None]:
    """Hide the files of all but some chunks, so that reading another fails."""
    hidden = [path for index, path in files.items() if index not in indices and path.exists()]
    for path in hidden:
        path.rename(path.with_suffix(".hidden"))
    try:
        yield
    finally:
        for path in hidden:
            path.with_suffix(".hidden").rename(path)
