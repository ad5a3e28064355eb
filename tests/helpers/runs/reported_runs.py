"""Runs of random rows on a small grid, with partition files like those of a real run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ib_grid.analysis import RunSource
from ib_grid.engine.execution_settings import Execution
from ib_grid.grid.chunks import plan_chunks
from ib_grid.grid.columns import METRIC_COLUMNS, result_schema
from ib_grid.grid.grid import Grid
from ib_grid.grid.params import PARAM_NAMES
from ib_grid.grid.scoring import RankingSettings
from ib_grid.robustness.results import Robustness
from pipelines.cluster.executors import SERIAL_EXECUTOR, Executor
from pipelines.report.measures.replay import NO_BARS, NoReplay
from pipelines.report.report import Report, ReportSettings, build_report
from pipelines.report.run_info import RunInfo

AXES = {
    "ib_sessions": ["08:00-08:30", "09:00-09:30"],
    "ib_wait_minutes": [0, 15],
    "trade_window_minutes": [60, 90],
    "rr_target": [0.5, 1.0],
    "stop_mode": ["ib_start", "eq"],
    "tsl_target": [0, 1.0],
    "tsl_sl": [0.5],
    "rev_rb_enabled": [True, False],
    "ib_buffer_pct": [0.05, 0.1],
    "max_distance_pct": [0.5, 1.0],
}
COUNTS = ("trades", "consec_wins", "consec_losses")


@dataclass(frozen=True)
class MadeUpRun:
    """A run directory, its rows, and the run information of its report."""

    run_dir: Path
    info: RunInfo
    rows: pd.DataFrame

    def report(
        self,
        source: RunSource | NoReplay = NO_BARS,
        executor: Executor = SERIAL_EXECUTOR,
        robustness: Robustness | None = None,
        **settings: object,
    ) -> Report:
        selected = ReportSettings(**{"ranking": RankingSettings(), **settings})
        return build_report(self.run_dir, self.info, selected, source, executor, robustness)


def run_info(grid: Grid, **changes: object) -> RunInfo:
    values = {
        "symbol": "GER40",
        "grid": grid,
        "execution": Execution(spread_points=1.5).to_dict(),
        "n_bars": 247216,
        "first_bar_utc": "2024-01-02 06:00",
        "last_bar_utc": "2024-12-31 21:59",
        "fingerprint": "0123456789abcdef",
        "trades_command": "ib-grid trades --symbol GER40 --execution realistic",
    }
    return RunInfo(**{**values, **changes})


def random_rows(grid: Grid, seed: int, *, most_trades: int = 40) -> pd.DataFrame:
    """Return a random row for each combination."""
    rng = np.random.default_rng(seed)
    ids = np.arange(len(grid))
    rows = {"combo_id": ids}
    rows |= {name: np.array(v, object)[i] for name, (v, i) in grid.columns(ids).items()}
    for name in METRIC_COLUMNS:
        if name.endswith(COUNTS) and "sharpe" not in name:
            values = rng.integers(0, most_trades, len(ids), endpoint=True)
        else:
            values = rng.normal(0, 10, len(ids)).round(2)
        rows[name] = values.astype(np.float32)
    return pd.DataFrame(rows)


def write_rows(
    run_dir: Path, grid: Grid, rows: pd.DataFrame, rows_per_chunk: int, chunks: slice = slice(None)
) -> None:
    """Write the rows of some chunks as a run does, one file per chunk."""
    plan, schema = plan_chunks(grid, rows_per_chunk), result_schema()
    columns = [pa.array(rows[field.name].to_numpy(), field.type) for field in schema]
    table = pa.Table.from_arrays(columns, schema=schema)
    for index in range(len(plan))[chunks]:
        chunk = plan.chunk(index)
        session = str(grid.sessions[chunk.session_index]).replace(":", "")
        wait = grid.ib_wait_minutes[chunk.wait_index]
        folder = run_dir / "GER40_full_results.parquet" / f"session={session}"
        folder = folder / f"wait_minutes={wait}"
        folder.mkdir(parents=True, exist_ok=True)
        pq.write_table(
            table.slice(chunk.first_id, chunk.n_rows),
            folder / f"part-{index:05d}.parquet",
            use_dictionary=list(PARAM_NAMES),
        )
