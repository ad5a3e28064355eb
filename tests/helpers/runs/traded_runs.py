"""A run of the small grid computed by the engine from synthetic bars, with its source."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from ib_grid.analysis import RunSource
from ib_grid.engine.context import BacktestContext
from ib_grid.engine.execution_settings import Execution
from ib_grid.engine.fast import engine
from ib_grid.grid.chunks import plan_chunks
from ib_grid.grid.columns import METRIC_COLUMNS
from ib_grid.grid.grid import Grid
from ib_grid.market.bars import read_bars
from ib_grid.market.market import build_market
from ib_grid.news.filter import NO_NEWS, NewsFilter
from tests.helpers.paths import GOLDEN
from tests.helpers.runs.reported_runs import MadeUpRun, run_info, write_rows

BARS = GOLDEN / "GER40_synthetic" / "m1.parquet"


def traded_run(
    folder: Path, grid: Grid, *, news: NewsFilter = NO_NEWS, **info: object
) -> tuple[MadeUpRun, RunSource]:
    """Write a finished run with realistic fills in a new directory."""
    bars = read_bars(BARS)
    execution = Execution(spread_points=1.5)
    market = build_market(bars, grid.sessions, grid.horizon_minutes)
    plan = plan_chunks(grid, len(grid))
    chunks = [plan.chunk(index) for index in range(len(plan))]
    context = BacktestContext(market, execution, news)
    metrics = [engine.evaluate(context, grid, chunk) for chunk in chunks]
    ids = np.arange(len(grid))
    columns = {name: np.array(v, object)[i] for name, (v, i) in grid.columns(ids).items()}
    columns |= dict(zip(METRIC_COLUMNS, np.concatenate(metrics, axis=1), strict=True))
    rows = pd.DataFrame({"combo_id": ids, **columns})
    run_dir = folder / f"GER40_{len(grid)}combos_20240102_030405"
    write_rows(run_dir, grid, rows, 64)
    first, last = (bars.minute[i].astype("datetime64[m]") for i in (0, -1))
    said = {"first_bar_utc": f"{first}Z", "last_bar_utc": f"{last}Z", "n_bars": len(bars), **info}
    source = RunSource(symbol="GER40", grid=grid, context=context)
    return MadeUpRun(run_dir, run_info(grid, **said), rows), source
