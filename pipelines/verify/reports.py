"""Check that the report of a run still matches its rows."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from ib_grid.errors import first_line
from ib_grid.grid.columns import METRIC_COLUMNS
from ib_grid.grid.params import PARAM_NAMES
from ib_grid.storage.paths import AnyPath
from pipelines.report.report import TOP_ROWS
from pipelines.verify.checks import Check

_HINT = "write the report again with `ib-grid report`"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenReport:
    """The parts of a report that name rows.

    Attributes
    ----------
    path : AnyPath
        Path of the ranking.
    top : DataFrame, optional
        The ranking; None if missing or unreadable.
    best : object
        Parameters of the best combination; None if nothing is ranked.
    best_ids : tuple of int
        Best combinations of the variations.
    n_rows : int
        Number of rows that the report is based on.
    damage : str
        Why the report cannot be read; empty if it can, or does not exist.
    """

    path: AnyPath
    top: pd.DataFrame | None = None
    best: object = None
    best_ids: tuple[int, ...] = ()
    n_rows: int = 0
    damage: str = ""

    @property
    def ids(self) -> NDArray[np.int64]:
        """Ids of the ranked combinations and of the variations' best ones, ascending."""
        if self.top is None:
            return np.zeros(0, np.int64)
        return np.union1d(
            self.top["combo_id"].to_numpy(np.int64), np.array(self.best_ids, np.int64)
        )


def read_written(run_dir: AnyPath, symbol: str) -> WrittenReport:
    """Read the report in a run directory, if there is one."""
    path = run_dir / f"{symbol}_top_{TOP_ROWS}.csv"
    aggregate = run_dir / f"{symbol}_variation_agg.json"
    if not path.exists() and not aggregate.exists():
        return WrittenReport(path=path)
    try:
        top = pd.read_csv(io.BytesIO(path.read_bytes()))
        top = top.astype({"combo_id": np.int64, **dict.fromkeys(_metrics(top), np.float32)})
        if "total_r" not in top or top["combo_id"].duplicated().any():
            raise ValueError("not a ranking")
        if "rank" in top and (top["rank"] != np.arange(1, len(top) + 1)).any():
            raise ValueError("ranks are not 1, 2, 3, …")
        best = run_dir / f"{symbol}_best_params.json"
        params = json.loads(best.read_text(encoding="utf-8")) if len(top) else None
        n_rows = int(json.loads(aggregate.read_text(encoding="utf-8"))["kept"])
        left = [path.name for path in run_dir.glob(f".{symbol}_*.partial")]
        if left:  # the files may be of two reports
            raise ValueError(f"a process ended while it wrote one, {left[0]}")
        best_ids = _best_ids(run_dir / f"{symbol}_best_by_variation.json")
    except (OSError, ValueError, KeyError, TypeError) as error:
        return WrittenReport(path=path, damage=f"the report cannot be read ({first_line(error)})")
    return WrittenReport(path=path, top=top, best=params, best_ids=best_ids, n_rows=n_rows)


def _best_ids(path: AnyPath) -> tuple[int, ...]:
    of_variations = json.loads(path.read_text(encoding="utf-8"))["variations"].values()
    bests = (of[name] for of in of_variations for name in ("best", "unfiltered_best"))
    return tuple(int(best["combo_id"]) for best in bests if best)


def check_report(written: WrittenReport, rows: pa.Table, n_rows: int) -> Check | None:
    """Compare a report's ranked rows and row count with the data set; None without a report."""
    if written.top is None and not written.damage:
        return None
    found = written.damage or _stale(written, rows, n_rows)
    return Check(
        name="report",
        checked=0 if written.top is None else len(written.top),
        total=0 if written.top is None else len(written.top),
        unit="ranked rows",
        problems=(f"{written.path}: {found}; {_HINT}",) if found else (),
    )


def _stale(written: WrittenReport, rows: pa.Table, n_rows: int) -> str:
    assert written.top is not None  # noqa: S101 - the caller has looked
    if written.n_rows != n_rows:
        return f"the report is based on {written.n_rows:,} rows, the data set has {n_rows:,}"
    true = rows.to_pandas().set_index("combo_id")
    top = written.top.set_index("combo_id")
    absent = top.index.difference(true.index)
    if len(absent):
        return f"the report ranks combination {absent[0]}, which has no row"
    for name in [*(name for name in PARAM_NAMES if name in top), *_metrics(top)]:
        differ = (top[name] != true.loc[top.index, name]).to_numpy()
        if differ.any():
            return f"{name} of combination {top.index[int(differ.argmax())]} differs from its row"
    if len(top) and written.best != true.loc[top.index[0], list(PARAM_NAMES)].to_dict():
        return "the best parameters are not those of rank 1"
    return ""


def _metrics(top: pd.DataFrame) -> list[str]:
    return [name for name in METRIC_COLUMNS if name in top.columns]
