"""Chunks by arithmetic: each combination in exactly one, none across a session or a wait."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_grid.errors import GridError
from ib_grid.grid.chunks import ChunkPlan, plan_chunks
from ib_grid.grid.named_grids import named_grid
from ib_grid.market.instruments import GER40
from tests.helpers import strategies


class TestChunks:
    @given(grid=strategies.any_grids(), rows_per_chunk=st.integers(1, 400))
    def test_chunks_cover_each_id_once(self, grid, rows_per_chunk):
        plan = plan_chunks(grid, rows_per_chunk)
        chunks = [plan.chunk(index) for index in range(len(plan))]
        assert [chunk.index for chunk in chunks] == list(range(len(plan)))
        ids = np.concatenate([chunk.ids for chunk in chunks])
        assert ids.tolist() == list(range(len(grid)))

    @given(grid=strategies.any_grids(), rows_per_chunk=st.integers(1, 400))
    def test_chunk_is_of_whole_settings_of_one_session_and_wait(self, grid, rows_per_chunk):
        plan = plan_chunks(grid, rows_per_chunk)
        for index in range(len(plan)):
            chunk = plan.chunk(index)
            assert chunk.n_rows > 0
            assert chunk.n_rows % grid.exits_per_setting == 0
            assert chunk.first_id % grid.exits_per_setting == 0
            assert chunk.n_rows <= max(rows_per_chunk + grid.exits_per_setting - 1, 1)
            for combo_id in (chunk.first_id, chunk.first_id + chunk.n_rows - 1):
                params = grid.params(combo_id)
                assert params.session == grid.sessions[chunk.session_index]
                assert params.ib_wait_minutes == grid.ib_wait_minutes[chunk.wait_index]

    @pytest.mark.parametrize("rows_per_chunk", [1, 154, 5_000, 24_640, 123_200, 10**9])
    def test_expanded_grid(self, rows_per_chunk):
        grid = named_grid("expanded", GER40)
        plan = plan_chunks(grid, rows_per_chunk)
        sizes = [plan.chunk(index).n_rows for index in range(len(plan))]
        assert sum(sizes) == len(grid)
        assert max(sizes) - min(sizes) < max(sizes)
        assert len(plan) >= 12

    def test_no_chunk_below_one_row(self):
        with pytest.raises(GridError, match="invalid chunk size 0"):
            plan_chunks(named_grid("standard", GER40), 0)

    def test_last_chunk_of_a_block_may_be_shorter(self):
        grid = named_grid("standard", GER40)
        plan = ChunkPlan(grid=grid, settings_per_chunk=100)
        assert grid.settings_per_block == 240
        rows = [plan.chunk(index).n_rows // grid.exits_per_setting for index in range(4)]
        assert rows == [100, 100, 40, 100]
