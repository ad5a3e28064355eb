"""Challenges begun on every session date, for every combination of a chunk of the grid."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ib_grid.account.challenge.date_rules import DateRules, in_units
from ib_grid.account.challenge.gains import shares_of
from ib_grid.account.challenge.starts import count_starts, decide, scratch
from ib_grid.account.money.contracts import Contract
from ib_grid.account.money.sizing import AccountSettings
from ib_grid.engine.context import BacktestContext
from ib_grid.engine.fast.compiled import kernel
from ib_grid.engine.fast.decisions import costs_of
from ib_grid.engine.fast.outcomes import NO_OUTCOME
from ib_grid.engine.outcomes import Outcomes, outcomes
from ib_grid.grid.chunks import Chunk
from ib_grid.grid.grid import Grid
from ib_grid.market.clock import MINUTES_PER_DAY


def counts_of_chunk(
    context: BacktestContext,
    grid: Grid,
    chunk: Chunk,
    account: AccountSettings,
    contract: Contract,
    rules: DateRules,
) -> NDArray[np.int32]:
    """Return how many start dates passed, failed and are open.

    Parameters
    ----------
    context : BacktestContext
    grid : Grid
    chunk : Chunk
    account : AccountSettings
        Positions are sized on its initial balance.
    contract : Contract
    rules : DateRules

    Returns
    -------
    int32 array, shape (3, n_rows)

    Raises
    ------
    GridError
        If the market was not built for this session or for so long a wait and window.
    """
    found = outcomes(context, grid, chunk)
    gains, lows = _tables(found, account, contract, costs_of(context.execution).commission)
    counts = np.empty((3, len(found.outcome), len(gains)), np.int32)
    _count(found.outcome, gains, lows, found.dates, rules, counts)
    return counts.reshape(3, -1)


def _tables(
    found: Outcomes, account: AccountSettings, contract: Contract, commission_points: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return gain and low of each exit pair and outcome in units, shape (n_exits, n_outcomes)."""
    dates = (found.entry_minute // MINUTES_PER_DAY).astype("datetime64[D]")
    made = shares_of(
        account,
        contract,
        dates=dates,
        direction=found.direction.astype(np.int64),
        fill=found.fill,
        risk_points=found.risk_points,
        r=np.ascontiguousarray(found.r.T),
        worst_r=np.ascontiguousarray(found.worst_r.T),
        commission_points=commission_points,
    )
    return in_units(made.gain), in_units(made.low)


@kernel
def _count(outcome, gains, lows, calendar, rules, counts):  # type: ignore[no-untyped-def]
    """Count the start dates of each setting and exit pair."""
    n_settings, n_dates = outcome.shape
    work = scratch(n_dates)
    own_gains, own_lows = np.empty(n_dates, np.int64), np.empty(n_dates, np.int64)
    decided, trade = np.empty(n_dates, np.int8), np.empty(n_dates, np.int64)
    for setting in range(n_settings):
        date_index = np.flatnonzero(outcome[setting] != NO_OUTCOME)
        row, n = outcome[setting][date_index], len(date_index)
        for i in range(len(gains)):
            for k in range(n):
                own_gains[k], own_lows[k] = gains[i, row[k]], lows[i, row[k]]
            decide(own_gains[:n], own_lows[:n], rules, work, decided, trade)
            found = count_starts(date_index, decided, trade, calendar, rules)
            counts[0, setting, i], counts[1, setting, i], counts[2, setting, i] = found
