"""Random sample of rows to recompute, spread over sessions and waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ib_grid.grid.chunks import ChunkPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Number of sampled rows of each chunk.

    `counts` are the sampled rows by chunk.
    """

    seed: int
    counts: dict[int, int]

    def rows(self, chunk: int, n_rows: int) -> NDArray[np.int64]:
        """Return the indices of the sampled rows in a chunk's file, ascending."""
        random = np.random.default_rng([self.seed, 1 + chunk])
        wanted = min(self.counts.get(chunk, 0), n_rows)
        return np.sort(random.choice(n_rows, wanted, replace=False).astype(np.int64))


def draw_sample(plan: ChunkPlan, sizes: Mapping[int, int], wanted: int, seed: int) -> Sample:
    """Draw rows from these chunks, evenly over sessions and waits.

    `sizes` are the rows of the existing chunks; every row is taken if there are no more than
    wanted.
    """
    if wanted >= sum(sizes.values()):
        return Sample(seed=seed, counts=dict(sizes))
    chunks = [chunk for chunk, n_rows in sizes.items() if n_rows]
    random = np.random.default_rng([seed, 0])
    blocks: dict[int, list[int]] = {}
    for chunk in chunks:
        blocks.setdefault(chunk // plan.chunks_per_block, []).append(chunk)
    open_blocks = [blocks[k] for k in random.permutation(sorted(blocks)).tolist()]
    counts = dict.fromkeys(chunks, 0)
    while wanted:
        for block in open_blocks[:wanted]:
            chunk = block[int(random.integers(len(block)))]
            counts[chunk] += 1
            wanted -= 1
            if counts[chunk] == sizes[chunk]:
                block.remove(chunk)
        open_blocks = [block for block in open_blocks if block]
    return Sample(seed=seed, counts=counts)
