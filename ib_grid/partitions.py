"""Where the partition files of a run lie."""

from __future__ import annotations

import re
from pathlib import Path

from ib_grid.errors import StoreError
from ib_grid.grid import Chunk, ChunkPlan, Grid

_FILE_NAME = re.compile(r"part-(\d{5,})\.parquet")


def results_folder(run_dir: Path, symbol: str) -> Path:
    """The Parquet data set of a run."""
    return run_dir / f"{symbol}_full_results.parquet"


def partition_path(results: Path, grid: Grid, chunk: Chunk) -> Path:
    """Where a chunk's file lies: ``session=0800-0830/wait_minutes=15/part-00012.parquet``."""
    session = str(grid.sessions[chunk.session_index]).replace(":", "")
    wait = grid.ib_wait_minutes[chunk.wait_index]
    name = f"part-{chunk.index:05d}.parquet"
    return results / f"session={session}" / f"wait_minutes={wait}" / name


def partition_files(results: Path) -> list[Path]:
    """The partition files of a data set, in the order of their chunks."""
    found = results.glob("session=*/wait_minutes=*/part-*.parquet")
    return sorted(found, key=lambda path: (len(path.name), path.name, path))


def chunk_of(results: Path, path: Path, plan: ChunkPlan) -> Chunk:
    """The chunk whose file lies at this path.

    Raises
    ------
    StoreError
        If no chunk's file does.
    """
    match = _FILE_NAME.fullmatch(path.name)
    index = int(match[1]) if match else len(plan)
    if index >= len(plan) or partition_path(results, plan.grid, plan.chunk(index)) != path:
        raise StoreError("it has no place in this run", where=str(path))
    return plan.chunk(index)
