"""Trades of a walk-forward: those of each selection in the months after it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ib_grid.engine.fast import engine
from ib_grid.robustness.statistics.walk_forward import FoldResult
from ib_grid.runs.source import HasSource, RunSource, session_dates, source_of

NO_SELECTION = -1


def out_of_sample_trades(
    of: RunSource | HasSource, folds: Sequence[FoldResult]
) -> tuple[pd.DataFrame, pd.DatetimeIndex]:
    """Return the trades and the session dates of a walk-forward, fold after fold.

    A fold that selected nothing has dates without trades.

    Parameters
    ----------
    of : RunSource or Run
    folds : sequence of FoldResult
        At least one.

    Raises
    ------
    GridError
        If the grid has no such combination.
    """
    source = source_of(of)
    parts: list[pd.DataFrame] = []
    dates: list[NDArray[np.datetime64]] = []
    selected = {max(fold.combo_id, 0) for fold in folds}
    trades = {i: engine.trades(source.context, source.params(i)) for i in selected}
    for fold in folds:
        combo_id = max(fold.combo_id, 0)
        inside = _inside(session_dates(source, combo_id), fold)
        dates.append(inside.to_numpy())
        is_traded = trades[combo_id]["date"].isin(inside) & (fold.combo_id != NO_SELECTION)
        parts.append(trades[combo_id][is_traded])
    return pd.concat(parts), pd.DatetimeIndex(np.concatenate(dates), name="date")


def _inside(dates: pd.DatetimeIndex, fold: FoldResult) -> pd.DatetimeIndex:
    month = dates.strftime("%Y-%m")
    return dates[(month >= fold.out_of_sample_first) & (month <= fold.out_of_sample_last)]
