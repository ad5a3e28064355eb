"""The numbers of a small grid, to the last bit, beside the version that they belong to.

Whoever changes what the engine computes changes these, raises `RESULTS_VERSION`, and so keeps old
and new results from being mixed in one run.
"""

from __future__ import annotations

import hashlib

import pytest

from ib_grid import engine
from ib_grid.execution import MODELS, Execution, Model
from ib_grid.grid import grid_from_mapping, plan_chunks
from ib_grid.instruments import INSTRUMENTS
from ib_grid.manifest import RESULTS_VERSION
from tests.golden import golden_set

AXES = {
    "ib_wait_minutes": [0],
    "trade_window_minutes": [61, 120],
    "rr_target": [0.5, 1.5],
    "ib_buffer_pct": [0.05, 0.2],
    "max_distance_pct": [0.75],
}
KNOWN = {
    (1, "GER40", "realistic"): "3bd4e8615ab3e384",
    (1, "GER40", "original"): "ebd2032641fd0769",
    (1, "XAUUSD", "realistic"): "56fe0370af00dbec",
    (1, "XAUUSD", "original"): "3be095c4798d73dc",
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("symbol", INSTRUMENTS)
def test_numbers_are_those_of_the_version(symbol: str, model: Model) -> None:
    instrument = INSTRUMENTS[symbol]
    market = golden_set(symbol, "synthetic", model).market
    grid = grid_from_mapping(AXES, instrument)
    plan = plan_chunks(grid, len(grid))
    execution = Execution(model=model, spread_points=instrument.spread_points)
    digest = hashlib.sha256()
    for index in range(len(plan)):
        digest.update(engine.evaluate(market, grid, plan.chunk(index), execution).tobytes())
    assert digest.hexdigest()[:16] == KNOWN[RESULTS_VERSION, symbol, model]
