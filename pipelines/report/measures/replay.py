"""Replay of the best combinations from the bars: a check of their rows, trades, the other model."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ib_grid import analysis
from ib_grid.analysis import RunSource
from ib_grid.engine import reference
from ib_grid.engine.execution_settings import Model, other_model
from ib_grid.engine.metric_checks import metric_difference
from ib_grid.grid.columns import METRIC_COLUMNS, METRIC_NAMES
from ib_grid.grid.params import Params
from ib_grid.runs import row_blocks
from ib_grid.runs.row_blocks import File
from pipelines.render import numbers
from pipelines.report.measures.alike import representatives

TOP_CURVES = 10
TOP_TABLE = 20


@dataclass(frozen=True, slots=True)
class NoReplay:
    """Reason why the best combinations are not traded again, as a sentence."""

    reason: str = "The bars of this run were not available when the report was written."


NO_BARS = NoReplay()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Replay:
    """Replay of the best combinations, best first.

    Attributes
    ----------
    represented_by : int64 array, shape (n_ranked,)
        Position in the ranking of the combination that stands for each one's near-identical trades;
        see `representatives`.
    trades : tuple of DataFrame
        Of the best `TOP_CURVES` that represent themselves, as `ib_grid.engine.trades` gives them.
    other_model : {"realistic", "original"}
        The execution model that the run did not use.
    other : DataFrame
        Metrics of the best `TOP_TABLE` that represent themselves under the other model, a row each;
        numbers as published.
    """

    represented_by: NDArray[np.int64]
    trades: tuple[pd.DataFrame, ...]
    other_model: Model
    other: pd.DataFrame


def replay(
    ranked: pd.DataFrame, others: pd.DataFrame, files: Sequence[File], source: RunSource | NoReplay
) -> Replay | NoReplay:
    """Trade the best of the ranked combinations again, and check their rows by it.

    `others` are further rows to check, from the same files.

    Raises
    ------
    StoreError
        If a row is not what the engine computes from the bars of the run, or the very best not what
        the reference engine computes.
    """
    if isinstance(source, NoReplay):
        return source
    if ranked.empty:
        return NoReplay("No combination is ranked.")
    represented_by = representatives(ranked["combo_id"].to_numpy(), source)
    best = ranked.iloc[np.unique(represented_by)].head(TOP_TABLE)
    _check_rows(pd.concat([best, others]).drop_duplicates("combo_id"), files, source)
    top = [source.grid.params(int(combo_id)) for combo_id in best["combo_id"]]
    model = other_model(source.context.execution.model)
    execution = dataclasses.replace(source.context.execution, model=model)
    context = dataclasses.replace(source.context, execution=execution)
    return Replay(
        represented_by=represented_by,
        trades=tuple(analysis.trades(source, params) for params in top[:TOP_CURVES]),
        other_model=model,
        other=_metrics(top, dataclasses.replace(source, context=context)),
    )


def _check_rows(rows: pd.DataFrame, files: Sequence[File], source: RunSource) -> None:
    """Check rows by the fast engine, and the first one by the slow reference engine, too."""
    names = [name for name in METRIC_COLUMNS if name in rows]
    for i, combo_id in enumerate(rows["combo_id"].tolist()):
        row = dict(zip(names, rows[names].iloc[i].tolist(), strict=True))
        recomputed = analysis.metrics(source, combo_id).tolist()
        found = metric_difference(row, dict(zip(METRIC_COLUMNS, recomputed, strict=True)))
        if not found and i == 0:
            found = metric_difference(row, _reference_metrics(source, combo_id))
        if found:
            raise row_blocks.wrong_row(combo_id, found, row_blocks.file_with(files, combo_id))


def _reference_metrics(source: RunSource, combo_id: int) -> dict[str, float]:
    params = source.params(combo_id)
    n_dates = len(source.context.market.levels[params.session].date)
    return reference.metrics(reference.trades(source.context, params), n_dates)


def _metrics(top: list[Params], source: RunSource) -> pd.DataFrame:
    """Return metrics of combinations over all their trades, a row each."""
    rows = [analysis.metrics(source, params)[list(METRIC_NAMES)] for params in top]
    return numbers.published_rows(pd.DataFrame(rows).reset_index(drop=True))
