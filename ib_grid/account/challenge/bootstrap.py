"""Stationary block bootstrap of dates (Politis and Romano, 1994)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ib_grid.account.challenge.date_rules import NEVER, OPEN, DateRules
from ib_grid.account.challenge.dates import outcome_of_start, simulate_trades
from ib_grid.account.challenge.gains import Gains
from ib_grid.engine.fast.compiled import kernel

MEAN_BLOCK = 10
N_PATHS = 2_000
LONGEST = 2_500  # dates of a path without a horizon, some ten years
SEED = 42


class Paths(NamedTuple):
    """Outcome of a challenge on each resampled path; arrays of shape (n_paths,).

    Attributes
    ----------
    outcome : int8 array
    n_dates : int32 array
        Dates until the decision; 0 while open.
    balance : int64 array
        Above the initial balance at the end, in units.
    """

    outcome: NDArray[np.int8]
    n_dates: NDArray[np.int32]
    balance: NDArray[np.int64]


def resampled_dates(
    n_dates: int, length: int, n_paths: int = N_PATHS, seed: int = SEED
) -> NDArray[np.int32]:
    """Return the dates of each path, positions in a calendar, shape (n_paths, length).

    A path continues with the next date, and after the last one with the first; with probability
    1 / `MEAN_BLOCK` it jumps to any.
    """
    random = np.random.default_rng(seed)
    jumps = random.random((n_paths, length)) < 1 / MEAN_BLOCK
    jumps[:, 0] = True
    dates = random.integers(0, n_dates, (n_paths, length), dtype=np.int32)
    _fill_blocks(dates, jumps, n_dates)
    return dates


@kernel
def _fill_blocks(dates, jumps, n_dates):  # type: ignore[no-untyped-def]
    """Replace each date without a jump to it by the one after the date before."""
    for path in range(len(dates)):
        for i in range(1, dates.shape[1]):
            if not jumps[path, i]:
                after = dates[path, i - 1] + 1
                dates[path, i] = after if after < n_dates else 0


def bootstrap(
    gains: Gains, rules: DateRules, dates: NDArray[np.int32], days_per_date: float
) -> Paths:
    """Return the outcome of a challenge on resampled paths of dates.

    Parameters
    ----------
    gains : Gains
        With at least one session date.
    rules : DateRules
    dates : int32 array, shape (n_paths, length)
        Those of `resampled_dates`.
    days_per_date : float
        Calendar days per session date, for rules that count these.
    """
    n_paths, length = dates.shape
    trade = np.full(len(gains.calendar), -1)
    trade[gains.date_index] = np.arange(len(gains.date_index))
    calendar = (np.arange(length) * days_per_date).astype(np.int64)
    paths = Paths(
        np.empty(n_paths, np.int8), np.empty(n_paths, np.int32), np.empty(n_paths, np.int64)
    )
    _simulate_paths(gains.gains, gains.lows, trade, dates, calendar, rules, paths)
    return paths


@kernel
def _simulate_paths(gains, lows, trade_of, dates, calendar, rules, paths):  # type: ignore[no-untyped-def]
    n_paths, length = dates.shape
    own_gains, own_lows = np.empty(length, np.int64), np.empty(length, np.int64)
    own_dates = np.empty(length, np.int64)
    for path in range(n_paths):
        n = 0
        for date in range(length):
            trade = trade_of[dates[path, date]]
            if trade >= 0:
                own_gains[n], own_lows[n], own_dates[n] = gains[trade], lows[trade], date
                n += 1
        outcome, decided, balance = simulate_trades(own_gains[:n], own_lows[:n], 0, rules)
        date = own_dates[decided] if outcome != OPEN else length
        paths.balance[path] = balance
        paths.outcome[path], paths.n_dates[path] = outcome_of_start(
            outcome, date, 0, calendar, rules
        )


def within(paths: Paths, horizon: int | None) -> tuple[float, float, float]:
    """Return the shares of paths that passed, failed and are open within a horizon."""
    decided = np.where(paths.n_dates <= (horizon or NEVER), paths.outcome, OPEN)
    passed, failed, still_open = (np.bincount(decided, minlength=3) / len(decided)).tolist()
    return passed, failed, still_open
