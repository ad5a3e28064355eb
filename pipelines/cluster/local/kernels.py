"""Compiled kernels, loaded or compiled before work begins."""

from __future__ import annotations

import numpy as np

from ib_grid.engine.fast import engine
from ib_grid.engine.fast.compiled import all_kept
from ib_grid.engine.fast.kernel_cache import note_all_compiled
from ib_grid.grid.named_grids import named_grid
from ib_grid.market.bars import Bars
from ib_grid.market.instruments import GER40
from ib_grid.market.market import build_market


def load_kernels() -> None:
    """Load all compiled kernels, or compile them, by a call of each on a day of synthetic bars."""
    price = 100 + np.cos(np.arange(1440.0))
    bars = Bars(
        minute=np.arange(1440), open=price, high=price + 1, low=price - 1, close=price[::-1].copy()
    )
    grid = named_grid("standard", GER40)
    engine.warm_up(build_market(bars, grid.sessions, grid.horizon_minutes), grid)
    if all_kept():
        note_all_compiled()
