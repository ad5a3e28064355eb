"""Whole grids whose numbers are pinned: a hash for each column of the results.

`tests/data/golden_grid.json` holds, by version of the results and by case, the first 16 digits of
the SHA-256 of each metric column, float32 little-endian in the order of the ids. Rows are the same
to the last bit for any cut and number of workers, with the compiler or without, on every supported
Python: the engine adds in a fixed order and uses only operations that IEEE 754 defines exactly.

`python -m tests.helpers.golden.golden_grid` writes the hashes of the current version. An intended
change raises `RESULTS_VERSION` as well.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ib_grid.engine.context import BacktestContext
from ib_grid.engine.execution_settings import MODELS, Execution, Model
from ib_grid.engine.fast import engine
from ib_grid.engine.results_version import RESULTS_VERSION
from ib_grid.grid.chunks import plan_chunks
from ib_grid.grid.columns import METRIC_COLUMNS
from ib_grid.grid.grid import Grid
from ib_grid.grid.named_grids import grid_from_mapping
from ib_grid.market.instruments import INSTRUMENTS
from ib_grid.news.filter import NO_NEWS, NewsFilter
from tests.helpers.golden.golden_trades import golden_set
from tests.helpers.paths import DATA, GOLDEN
from tests.helpers.runs.small_runs import GRID

FILE = DATA / "golden_grid.json"
SMALL_RUN = "GER40 small run"
AXES = {
    "ib_wait_minutes": [0],
    "trade_window_minutes": [61, 120],
    "rr_target": [0.5, 1.5],
    "ib_buffer_pct": [0.05, 0.2],
    "max_distance_pct": [0.75],
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GoldenGrid:
    """A grid and all inputs that decide its numbers."""

    grid: Grid
    context: BacktestContext

    def columns(self) -> dict[str, NDArray[np.float32]]:
        """Return the metric columns of the whole grid in id order."""
        plan = plan_chunks(self.grid, len(self.grid))
        parts = [engine.evaluate(self.context, self.grid, plan.chunk(k)) for k in range(len(plan))]
        return dict(zip(METRIC_COLUMNS, np.concatenate(parts, axis=1), strict=True))


def golden_grid(name: str) -> GoldenGrid:
    """Return a case by name: ``SYMBOL model``, ``SYMBOL model costs news`` or `SMALL_RUN`."""
    if name == SMALL_RUN:
        market = golden_set("GER40", "synthetic", "realistic").market
        execution = Execution(spread_points=INSTRUMENTS["GER40"].spread_points)
        return GoldenGrid(grid=GRID, context=BacktestContext(market, execution))
    symbol, model, *more = name.split()
    instrument = INSTRUMENTS[symbol]
    costs = {"slippage_points": 0.5, "commission_points": 0.25} if more else {}
    return GoldenGrid(
        grid=grid_from_mapping(AXES, instrument),
        context=BacktestContext(
            golden_set(symbol, "edge" if more else "synthetic", _model(model)).market,
            Execution(model=_model(model), spread_points=instrument.spread_points, **costs),
            _news(symbol) if more else NO_NEWS,
        ),
    )


def _model(text: str) -> Model:
    return next(model for model in MODELS if model == text)


def _news(symbol: str) -> NewsFilter:
    times = pd.read_csv(GOLDEN / f"{symbol}_edge" / "news.csv").iloc[:, 0]
    minutes = pd.to_datetime(times, utc=True).dt.tz_localize(None).to_numpy("datetime64[m]")
    return NewsFilter(events=minutes.astype(np.int64), before_minutes=30, after_minutes=15)


CASES = (
    *(f"{s} {m}{more}" for s in INSTRUMENTS for m in MODELS for more in ("", " costs news")),
    SMALL_RUN,
)


def hashes(columns: Mapping[str, NDArray[np.float32]]) -> dict[str, str]:
    """Return the hash of each metric column."""
    return {name: _hash(columns[name]) for name in METRIC_COLUMNS}


def _hash(values: NDArray[np.float32]) -> str:
    assert values.dtype == np.float32
    return hashlib.sha256(values.astype("<f4").tobytes()).hexdigest()[:16]


def known(name: str) -> dict[str, str]:
    """Return the pinned hashes of a case for the current results version."""
    pinned: dict[str, str] = json.loads(FILE.read_text())[str(RESULTS_VERSION)][name]
    return pinned


def _write() -> None:
    found = {name: hashes(golden_grid(name).columns()) for name in CASES}
    FILE.write_text(json.dumps({str(RESULTS_VERSION): found}, indent=0) + "\n")


if __name__ == "__main__":
    _write()
