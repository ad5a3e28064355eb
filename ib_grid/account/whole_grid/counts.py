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
    exceptional_trades,
    have_states,
    passed_and_failed,
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
    counts = np.empty((3, len(found.outcome), gains.shape[1]), np.int32)
    count(found.outcome, gains, lows, found.dates, rules, are_enough(rules), counts)
    return counts.reshape(3, -1)


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
def count(outcome, gains, lows, calendar, rules, enough, counts):  # type: ignore[no-untyped-def]
    """Count the start dates of each setting and exit pair, into shape (3, n_settings, n_exits).

    `enough` is `are_enough(rules)`. Under other rules every combination is decided on its own;
    otherwise only those with exceptional trades, if these are too many.
    """
    n_settings, n_dates = outcome.shape
    work, decided, trade = scratch(n_dates), np.empty(n_dates, np.int8), np.empty(n_dates, np.int64)
    bearable = bearable_profits(lows, rules)
    exceptional = exceptional_trades(gains, lows, rules)
    is_exceptional = np.array([some.any() for some in exceptional])
    for setting in range(n_settings):
        date_index = np.flatnonzero(outcome[setting] != NO_OUTCOME)
        row = outcome[setting][date_index]
        one_by_one = not enough
        if enough:
            big = np.flatnonzero(is_exceptional[row])
            one_by_one = not have_states(len(big), rules) and len(big) > 0
            states = big[: 0 if one_by_one else len(big)]
            n_starts = np.diff(np.append(-1, date_index))
            passed, failed = passed_and_failed(row, n_starts, states, gains, bearable, rules)
            counts[0, setting], counts[1, setting] = passed, failed
            counts[2, setting] = n_dates - passed - failed
        for i in range(gains.shape[1] if one_by_one else 0):
            if not enough or exceptional[row, i].any():
                decide(gains[row, i], lows[row, i], rules, work, decided, trade)
                found = count_starts(date_index, decided, trade, calendar, rules)
                counts[0, setting, i], counts[1, setting, i], counts[2, setting, i] = found
