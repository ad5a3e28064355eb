"""A grid cut into chunks: runs of neighbouring ids, each a task of a run and a file of its results.

A chunk is of whole settings of one session and wait (`ib_grid.grid` says how ids are laid out), so
that what its combinations share is computed once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ib_grid.errors import GridError
from ib_grid.grid.grid import Grid

MAX_CHUNKS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A run of neighbouring combinations of one session and wait: the unit of work."""

    index: int
    session_index: int
    wait_index: int
    first_id: int
    n_rows: int

    @property
    def ids(self) -> NDArray[np.int64]:
        """The ids of its combinations, ascending."""
        return np.arange(self.first_id, self.first_id + self.n_rows, dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkPlan:
    """A grid cut into chunks of whole settings, none of which crosses a block.

    The chunks are a formula, not a list: `chunk` gives any of them.
    """

    grid: Grid
    settings_per_chunk: int

    @property
    def chunks_per_block(self) -> int:
        """Chunks of one session and wait."""
        return -(-self.grid.settings_per_block // self.settings_per_chunk)

    def __len__(self) -> int:
        return self.chunks_per_block * self.grid.shape[0] * self.grid.shape[1]

    def chunk(self, index: int) -> Chunk:
        """Return the chunk of an index from 0 to ``len(plan) - 1``."""
        grid = self.grid
        block, part = divmod(index, self.chunks_per_block)
        first = part * self.settings_per_chunk
        n_settings = min(self.settings_per_chunk, grid.settings_per_block - first)
        session_index, wait_index = divmod(block, grid.shape[1])
        return Chunk(
            index=index,
            session_index=session_index,
            wait_index=wait_index,
            first_id=block * grid.rows_per_block + first * grid.exits_per_setting,
            n_rows=n_settings * grid.exits_per_setting,
        )


def plan_chunks(grid: Grid, rows_per_chunk: int) -> ChunkPlan:
    """Return the plan with about this many combinations a chunk, at least one setting.

    Raises
    ------
    GridError
        If `rows_per_chunk` is below 1, or makes more than `MAX_CHUNKS` chunks.
    """
    if rows_per_chunk < 1:
        raise GridError(f"invalid chunk size {rows_per_chunk}", expected="1 or more")
    per_block = -(-grid.rows_per_block // rows_per_chunk)
    settings = -(-grid.settings_per_block // per_block)
    plan = ChunkPlan(grid=grid, settings_per_chunk=settings)
    if len(plan) > MAX_CHUNKS:
        raise GridError(
            f"the grid is cut into {len(plan):,} chunks of about {rows_per_chunk:,} combinations",
            expected=f"at most {MAX_CHUNKS:,} chunks: each is a task and a file",
            hint="choose a larger --chunk-size",
        )
    return plan
