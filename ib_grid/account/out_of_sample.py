"""Gains of a walk-forward: the trades of each selection in the months after it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ib_grid.account.challenge.gains import Gains, gains_of
from ib_grid.account.money.contracts import Contract
from ib_grid.account.money.sizing import AccountSettings
from ib_grid.account.money.statement import Traded
from ib_grid.engine.fast import engine
from ib_grid.engine.fast.decisions import costs_of
from ib_grid.robustness.statistics.walk_forward import FoldResult
from ib_grid.runs.source import HasSource, RunSource, session_dates, source_of

NO_SELECTION = -1


def out_of_sample_gains(
    of: RunSource | HasSource,
    folds: Sequence[FoldResult],
    account: AccountSettings,
    contract: Contract,
) -> Gains:
    """Return the gains by date of a walk-forward, fold after fold.

    A fold that selected nothing has dates without trades.

    Raises
    ------
    GridError
        If the grid has no such combination.
    """
    source = source_of(of)
    parts = [_of_fold(source, fold, account, contract) for fold in folds]
    n_before = np.cumsum([0, *(len(part.calendar) for part in parts)])
    return Gains(
        calendar=np.concatenate([part.calendar for part in parts]),
        date_index=np.concatenate(
            [part.date_index + n for part, n in zip(parts, n_before, strict=False)]
        ),
        gains=np.concatenate([part.gains for part in parts]),
        lows=np.concatenate([part.lows for part in parts]),
    )


def _of_fold(
    source: RunSource, fold: FoldResult, account: AccountSettings, contract: Contract
) -> Gains:
    combination = source.params(max(fold.combo_id, 0))
    dates = session_dates(source, combination)
    month = dates.to_period("M").astype(str)
    dates = dates[(month >= fold.out_of_sample_first) & (month <= fold.out_of_sample_last)]
    trades = engine.trades(source.context, combination)
    inside = trades["date"].isin(dates) & (fold.combo_id != NO_SELECTION)
    traded = Traded(
        trades=trades[inside],
        contract=contract,
        commission_points=costs_of(source.context.execution).commission,
    )
    return gains_of(account, {"": traded}, dates)
