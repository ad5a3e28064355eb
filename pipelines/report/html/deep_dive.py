"""The best combinations once more from the bars: their trades, and the other execution model."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ib_grid import engine
from ib_grid.execution import MODELS, Execution, Model
from ib_grid.grid import Grid, plan_chunks
from ib_grid.market import Market
from ib_grid.news import NO_NEWS, NewsFilter
from ib_grid.params import Params
from ib_grid.results import METRIC_NAMES
from pipelines.report import numbers
from pipelines.report.build import Report

TOP_CURVES = 10
TOP_TABLE = 20
# Float32 sums of another processor may differ in the last digits.
_SAME_R = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepDive:
    """What a run was computed from, to trade single combinations of it again.

    Attributes
    ----------
    market : Market
        Of the run's bars, for the sessions and the horizon of its grid.
    execution : Execution
    news : NewsFilter
    """

    market: Market
    execution: Execution
    news: NewsFilter = NO_NEWS


@dataclass(frozen=True, slots=True)
class NoReplay:
    """Why the best combinations are not traded again, as a sentence."""

    reason: str = "The bars of this run were not at hand when the report was written."


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Replay:
    """The best combinations once more, best first.

    Attributes
    ----------
    trades : tuple of DataFrame
        Of the best `TOP_CURVES`, as `ib_grid.engine.trades` gives them.
    other_model : {"realistic", "original"}
        The execution model that the run did not use.
    other : DataFrame
        Metrics of the best `TOP_TABLE` under the other model, a row each; numbers as published.
    """

    trades: tuple[pd.DataFrame, ...]
    other_model: Model
    other: pd.DataFrame


def replay(report: Report, deep_dive: DeepDive | NoReplay) -> Replay | NoReplay:
    """Trade the best combinations of a report again.

    Bars that do not give back the results of the run are not used.
    """
    best = report.overall.best.head(TOP_TABLE)
    if isinstance(deep_dive, NoReplay):
        return deep_dive
    if best.empty:
        return NoReplay("No combination is ranked.")
    grid = report.info.grid
    top = [grid.params(int(combo_id)) for combo_id in best["combo_id"]]
    own = _metrics(top, deep_dive, deep_dive.execution)
    if not _same(own, best):
        return NoReplay("The bars at hand do not give the results of this run, so it was not used.")
    model: Model = next(m for m in MODELS if m != deep_dive.execution.model)
    other = dataclasses.replace(deep_dive.execution, model=model)
    return Replay(
        trades=tuple(
            engine.trades(deep_dive.market, params, deep_dive.execution, deep_dive.news)
            for params in top[:TOP_CURVES]
        ),
        other_model=model,
        other=_metrics(top, deep_dive, other),
    )


def _metrics(top: list[Params], deep_dive: DeepDive, execution: Execution) -> pd.DataFrame:
    """Metrics of combinations over all their trades, a row each."""
    rows = [_row(engine.grid_of_one(params), deep_dive, execution) for params in top]
    return numbers.published_rows(pd.DataFrame(np.array(rows), columns=list(METRIC_NAMES)))


def _row(grid: Grid, deep_dive: DeepDive, execution: Execution) -> NDArray[np.float32]:
    chunk = plan_chunks(grid, 1).chunk(0)
    metrics = engine.evaluate(deep_dive.market, grid, chunk, execution, deep_dive.news)
    return metrics[: len(METRIC_NAMES), 0]


def _same(own: pd.DataFrame, best: pd.DataFrame) -> bool:
    names = ["total_trades", "total_r", "max_drawdown"]
    apart = np.abs(own[names].to_numpy(np.float64) - best[names].to_numpy(np.float64))
    return bool((apart <= _SAME_R * (1 + np.abs(best[names].to_numpy(np.float64)))).all())
