"""Replay of the best combinations from the bars: trades, and the other execution model."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ib_grid import analysis
from ib_grid.analysis import RunSource
from ib_grid.engine.execution_settings import MODELS, Model
from ib_grid.grid.columns import METRIC_NAMES
from ib_grid.grid.params import Params
from pipelines.render import numbers

TOP_CURVES = 10
TOP_TABLE = 20
# Float32 sums of another processor may differ in the last digits.
_SAME_R = 1e-3


@dataclass(frozen=True, slots=True)
class NoReplay:
    """Reason why the best combinations are not traded again, as a sentence."""

    reason: str = "The bars of this run were not at hand when the report was written."


NO_BARS = NoReplay()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Replay:
    """Replay of the best combinations, best first.

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


def replay(ranked: pd.DataFrame, source: RunSource | NoReplay) -> Replay | NoReplay:
    """Trade the best of the ranked combinations again.

    Bars that do not give back the results of the run are not used.
    """
    best = ranked.head(TOP_TABLE)
    if isinstance(source, NoReplay):
        return source
    if best.empty:
        return NoReplay("No combination is ranked.")
    top = [source.grid.params(int(combo_id)) for combo_id in best["combo_id"]]
    if not _same(_metrics(top, source), best):
        return NoReplay("The bars at hand do not give the results of this run, so it was not used.")
    model: Model = next(m for m in MODELS if m != source.context.execution.model)
    execution = dataclasses.replace(source.context.execution, model=model)
    context = dataclasses.replace(source.context, execution=execution)
    return Replay(
        trades=tuple(analysis.trades(source, params) for params in top[:TOP_CURVES]),
        other_model=model,
        other=_metrics(top, dataclasses.replace(source, context=context)),
    )


def _metrics(top: list[Params], source: RunSource) -> pd.DataFrame:
    """Return metrics of combinations over all their trades, a row each."""
    rows = [analysis.metrics(source, params)[list(METRIC_NAMES)] for params in top]
    return numbers.published_rows(pd.DataFrame(rows).reset_index(drop=True))


def _same(own: pd.DataFrame, best: pd.DataFrame) -> bool:
    names = ["total_trades", "total_r", "max_drawdown"]
    apart = np.abs(own[names].to_numpy(np.float64) - best[names].to_numpy(np.float64))
    return bool((apart <= _SAME_R * (1 + np.abs(best[names].to_numpy(np.float64)))).all())
