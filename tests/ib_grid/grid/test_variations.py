from __future__ import annotations

import numpy as np
import pytest

from ib_grid.grid.grid import Grid
from ib_grid.grid.named_grids import named_grid
from ib_grid.grid.params import Params
from ib_grid.grid.variations import VARIATION_RULES, VARIATIONS
from ib_grid.market.instruments import GER40


@pytest.fixture(scope="module")
def grid() -> Grid:
    return named_grid("standard", GER40)


def plain_rule(variation: str, params: Params) -> bool:
    if variation == "OCAE":
        return params.tsl_target > 0
    if variation == "TCWE":
        return params.tsl_target > 0 and params.rr_target >= 1
    if variation == "Reverse":
        return params.stop_mode == "eq"
    return params.rev_rb_enabled


@pytest.mark.parametrize("variation", VARIATIONS)
def test_rules(grid: Grid, variation: str) -> None:
    ids = np.arange(0, len(grid), 37)
    rule = VARIATION_RULES[variation]
    columns = {n: np.array(v, object)[i] for n, (v, i) in grid.columns(ids).items()}
    counts = rule.counts({name: columns[name] for name in rule.columns})
    expected = [plain_rule(variation, grid.params(int(i))) for i in ids]
    assert list(counts) == expected
    assert 0 < sum(expected) < len(ids)
