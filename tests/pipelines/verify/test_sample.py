"""The sample: the requested size, spread evenly, the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipelines.verify.sample import draw_sample
from tests.helpers.runs.small_runs import GRID, PLAN

BLOCKS = GRID.shape[0] * GRID.shape[1]
some_chunks = st.lists(st.integers(0, len(PLAN) - 1), unique=True, min_size=1).map(sorted)


def sizes(chunks: Iterable[int]) -> dict[int, int]:
    return {chunk: PLAN.chunk(chunk).n_rows for chunk in chunks}


@given(chunks=some_chunks, wanted=st.integers(0, 300), seed=st.integers(0, 2**32))
def test_sample_has_the_requested_size_without_repeats(
    chunks: list[int], wanted: int, seed: int
) -> None:
    drawn = draw_sample(PLAN, sizes(chunks), wanted, seed)
    there = sum(PLAN.chunk(chunk).n_rows for chunk in chunks)
    assert sum(drawn.counts.values()) == min(wanted, there)
    assert set(drawn.counts) == set(chunks)
    for chunk, count in drawn.counts.items():
        n_rows = PLAN.chunk(chunk).n_rows
        rows = drawn.rows(chunk, n_rows)
        assert len(rows) == count <= n_rows
        assert len(set(rows.tolist()) & set(range(n_rows))) == count
        assert np.array_equal(rows, np.sort(rows))


@given(wanted=st.integers(1, len(GRID) - 1), seed=st.integers(0, 2**32))
def test_every_session_and_wait_has_its_share(wanted: int, seed: int) -> None:
    drawn = draw_sample(PLAN, sizes(range(len(PLAN))), wanted, seed)
    of_block = np.zeros(BLOCKS, int)
    for chunk, count in drawn.counts.items():
        of_block[chunk // PLAN.chunks_per_block] += count
    assert of_block.max() - of_block.min() <= 1


def test_seed_determines_the_sample() -> None:
    def rows(seed: int) -> list[list[int]]:
        drawn = draw_sample(PLAN, sizes(range(len(PLAN))), 40, seed)
        return [drawn.rows(chunk, 8).tolist() for chunk in range(len(PLAN))]

    assert rows(1) == rows(1)
    assert rows(1) != rows(2)


def test_a_file_of_fewer_rows_gives_what_it_has() -> None:
    drawn = draw_sample(PLAN, sizes(range(len(PLAN))), len(GRID), 3)
    assert drawn.rows(0, 3).tolist() == [0, 1, 2]
    assert drawn.rows(0, 0).tolist() == []
    assert drawn.rows(len(PLAN), 8).tolist() == []  # a chunk that was not there


def test_sample_follows_the_number_of_kept_rows() -> None:
    kept = {0: 0, 1: 2, 2: 5}
    assert draw_sample(PLAN, kept, 100, 3).counts == kept
    some = draw_sample(PLAN, kept, 4, 3).counts
    assert sum(some.values()) == 4
    assert all(some.get(chunk, 0) <= size for chunk, size in kept.items())
