"""Challenges begun on every session date, for every combination of a chunk of the grid."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ib_grid.account.challenge.date_rules import DateRules, in_units
from ib_grid.account.challenge.gains import shares_of
from ib_grid.account.challenge.starts import count_starts, decide, scratch
from ib_grid.account.money.contracts import Contract
from ib_grid.account.money.sizing import AccountSettings
from ib_grid.account.whole_grid.required_profits import (
    are_enough,
    bearable_profits,
    count_by_profits,
    exceptional_trades,
)
from ib_grid.engine.context import BacktestContext
from ib_grid.engine.fast.compiled import kernel
from ib_grid.engine.fast.decisions import costs_of
from ib_grid.engine.fast.outcomes import NO_OUTCOME
from ib_grid.engine.outcomes import Outcomes, outcomes
from ib_grid.grid.chunks import Chunk
from ib_grid.grid.grid import Grid
from ib_grid.market.clock import MINUTES_PER_DAY

# Outcomes whose amounts are computed together: more would only leave the processor's cache.
_ROWS_AT_ONCE = 64


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
    return count(found.outcome, gains, lows, found.dates, rules).reshape(3, -1)


def count(
    outcome: NDArray[np.int32],
    gains: NDArray[np.int64],
    lows: NDArray[np.int64],
    calendar: NDArray[np.int64],
    rules: DateRules,
) -> NDArray[np.int32]:
    """Return how many start dates pass, fail and stay open, shape (3, n_settings, n_exits).

    Parameters
    ----------
    outcome : int32 array, shape (n_settings, n_dates)
        Row of each date's trade in the tables, or NO_OUTCOME.
    gains, lows : int64 array, shape (n_outcomes, n_exits)
        Result and worst floating result of each trade, in units of `date_rules`; ``lows <= gains``.
    calendar : int64 array, shape (n_dates,)
        Session dates in days since 1970-01-01.
    rules : DateRules
    """
    shape = len(outcome), gains.shape[1]
    counts, undecided = np.zeros((3, *shape), np.int32), np.ones(shape, np.bool_)
    if are_enough(rules):
        bearable = bearable_profits(lows, rules)
        exceptional = exceptional_trades(gains, lows, rules)
        count_by_profits(outcome, gains, bearable, exceptional, rules, counts, undecided)
    if undecided.any():
        _count_one_by_one(outcome, gains, lows, calendar, rules, counts, undecided)
    counts[2] = len(calendar) - counts[0] - counts[1]
    return counts


def _tables(
    found: Outcomes, account: AccountSettings, contract: Contract, commission_points: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return gain and low of each outcome and exit pair in units, shape (n_outcomes, n_exits)."""
    gains, lows = np.empty(found.r.shape, np.int64), np.empty(found.r.shape, np.int64)
    dates = (found.entry_minute // MINUTES_PER_DAY).astype("datetime64[D]")
    for first in range(0, len(gains), _ROWS_AT_ONCE):
        rows = slice(first, first + _ROWS_AT_ONCE)
        made = shares_of(
            account,
            contract,
            dates=dates[rows, None],
            direction=found.direction[rows, None].astype(np.int64),
            fill=found.fill[rows, None],
            risk_points=found.risk_points[rows, None],
            r=found.r[rows],
            worst_r=found.worst_r[rows],
            commission_points=commission_points,
        )
        gains[rows], lows[rows] = in_units(made.gain), in_units(made.low)
    return gains, lows


@kernel
def _count_one_by_one(outcome, gains, lows, calendar, rules, counts, undecided):  # type: ignore[no-untyped-def]
    """Count the start dates of undecided combinations from the decision of each start."""
    n_settings, n_dates = outcome.shape
    work, decided, trade = scratch(n_dates), np.empty(n_dates, np.int8), np.empty(n_dates, np.int64)
    own_gains, own_lows = np.empty(n_dates, np.int64), np.empty(n_dates, np.int64)
    for setting in range(n_settings):
        date_index = np.flatnonzero(outcome[setting] != NO_OUTCOME)
        n = len(date_index)
        for i in np.flatnonzero(undecided[setting]):
            for k in range(n):
                row = outcome[setting, date_index[k]]
                own_gains[k], own_lows[k] = gains[row, i], lows[row, i]
            decide(own_gains[:n], own_lows[:n], rules, work, decided, trade)
            found = count_starts(date_index, decided, trade, calendar, rules)
            counts[0, setting, i], counts[1, setting, i], _ = found
