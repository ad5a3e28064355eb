"""The engines by name, and a check that they agree."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from ib_grid.engine import reference
from ib_grid.grid.chunks import Chunk, plan_chunks
from ib_grid.grid.columns import TRADE_COLUMNS
from ib_grid.grid.grid import Grid
from ib_grid.grid.params import Params

ENGINES = ("reference", "fast")
PRICE_TOLERANCE = 1e-9  # of prices in points and of R; relative above 1
# Rows are float32; the fast engine may sum in float32 too (STRATEGY.md, section 8).
ROW_TOLERANCE = 1e-4
# A Sharpe ratio this far from 0 has a deviation that is all rounding.
ILL_CONDITIONED = 1e6


def engine(name: str) -> ModuleType:
    """Return the module of an engine, with `trades` and `evaluate`."""
    return reference if name == "reference" else pytest.importorskip("ib_grid.engine.fast.engine")


def assert_same_trades(actual: pd.DataFrame, expected: pd.DataFrame, what: object = "") -> None:
    """Check that trades are equal: prices and R within 1e-9, all else exactly.

    Columns that `expected` does not have are not compared.
    """
    assert tuple(actual.columns) == TRADE_COLUMNS, what
    assert actual["date"].tolist() == expected["date"].tolist(), what
    for name in expected.columns.intersection(TRADE_COLUMNS[1:]):
        if expected[name].dtype == np.float64:
            apart = (actual[name] - expected[name]).abs() / expected[name].abs().clip(lower=1)
            assert not (apart > PRICE_TOLERANCE).any(), f"{what}: {name} is {apart.max()} apart"
        else:
            assert actual[name].tolist() == expected[name].tolist(), f"{what}: {name}"


def assert_same_metrics(
    actual: dict[str, float], expected: dict[str, float], tolerance: float, what: object = ""
) -> None:
    """Check each metric to within `tolerance`, relative above 1 and absolute below."""
    for name, value in expected.items():
        if "sharpe" in name and abs(value) > ILL_CONDITIONED:
            continue
        apart = abs(actual[name] - value)
        assert apart <= tolerance * max(1.0, abs(value)), f"{what}: {name} {actual[name]} {value}"


def grid_of_one(params: Params) -> tuple[Grid, Chunk]:
    """Return a grid with only this combination, and its chunk."""
    values = params.to_dict()
    axes = {name: (values[name],) for name in list(values)[3:]}
    grid = Grid(sessions=(params.session,), **axes)
    return grid, plan_chunks(grid, 1).chunk(0)
