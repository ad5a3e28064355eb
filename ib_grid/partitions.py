"""Where the partition files of a run lie."""

from __future__ import annotations

from pathlib import Path

from ib_grid.grid import Chunk, Grid


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
