"""Stored counts of start dates: read back, and never mixed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ib_grid.account.stored_counts import counts_path, read_counts, write_counts
from ib_grid.errors import StoreError
from ib_grid.grid.chunks import plan_chunks
from ib_grid.grid.named_grids import named_grid
from ib_grid.market.instruments import GER40

PLAN = plan_chunks(named_grid("standard", GER40), 10_000)


def write(folder: Path, index: int, identity: str) -> np.ndarray:
    """Write the counts of a chunk, all different, and return those that passed."""
    chunk = PLAN.chunk(index)
    counts = np.arange(3 * chunk.n_rows, dtype=np.int32).reshape(3, -1)
    write_counts(counts_path(folder, index), chunk, counts, identity)
    return counts[0]


def test_counts_of_missing_chunks_are_minus_one(tmp_path: Path) -> None:
    passed = write(tmp_path, 1, "a")
    found = read_counts(tmp_path, "passed", PLAN)
    ids = PLAN.chunk(1).ids
    assert (found[ids] == passed).all()
    assert (np.delete(found, ids) == -1).all()


def test_counts_of_different_rules_are_not_mixed(tmp_path: Path) -> None:
    write(tmp_path, 0, "a")
    write(tmp_path, 1, "b")
    with pytest.raises(StoreError, match="different rules"):
        read_counts(tmp_path, "passed", PLAN)
