"""Distinct trades of a chunk: entries together with the trade window that ends them at the latest.

Windows in which every exit comes before the end share an outcome. A chunk of the grid has a few
thousand outcomes, and the R of a combination on a date is that of its signal setting's outcome
there, at its exit pair.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ib_grid.engine.fast.compiled import kernel
from ib_grid.engine.fast.entries import NO_ENTRY
from ib_grid.engine.fast.exits import result_r, time_exit_price

NO_OUTCOME = -1


class Results(NamedTuple):
    """Results of outcomes for each exit pair; arrays (n_outcomes, n_exits).

    Attributes
    ----------
    r : float64 array
    sign : int16 array
        Sign of `r`: −1, 0 or 1.
    ambiguous : bool array
    any_ambiguous : bool array, shape (n_outcomes,)
    per_point : float64 array, shape (n_outcomes,)
        R that a cost of one point takes: 1 / risk, or 0 without a risk.
    """

    r: NDArray[np.float64]
    sign: NDArray[np.int16]
    ambiguous: NDArray[np.bool_]
    any_ambiguous: NDArray[np.bool_]
    per_point: NDArray[np.float64]


@kernel
def distinct_outcomes(entry_index, window_of, last_rows, date_of_entry, last_exit):  # type: ignore[no-untyped-def]
    """Return the outcome of each setting and date, and the entry and window of each outcome."""
    n_settings, n_dates = entry_index.shape
    n_windows, n_entries = len(last_rows), len(date_of_entry)
    known = np.full((n_entries, n_windows + 1), NO_OUTCOME, np.int32)
    outcome = np.full((n_settings, n_dates), NO_OUTCOME, np.int32)
    entry = np.empty(n_entries * (n_windows + 1), np.int32)
    window = np.empty(n_entries * (n_windows + 1), np.int32)
    n = 0
    for setting in range(n_settings):
        w = window_of[setting]
        for date in range(n_dates):
            e = entry_index[setting, date]
            if e == NO_ENTRY:
                continue
            slot = n_windows if last_exit[e] <= last_rows[w, date] else w
            if known[e, slot] == NO_OUTCOME:
                known[e, slot] = n
                entry[n], window[n] = e, w
                n += 1
            outcome[setting, date] = known[e, slot]
    return outcome, entry[:n].copy(), window[:n].copy()


@kernel
def results_of(prices, entries, exits, entry, window, first_rows, last_rows, costs):  # type: ignore[no-untyped-def]
    """Return the results of outcomes: a time exit at the window's end if no other comes before."""
    r = np.empty((len(entry), exits.r.shape[1]), np.float64)
    sign = np.empty(r.shape, np.int16)
    ambiguous = np.empty(r.shape, np.bool_)
    any_ambiguous = np.zeros(len(entry), np.bool_)
    per_point = np.zeros(len(entry), np.float64)
    for outcome in range(len(entry)):
        e, w = entry[outcome], window[outcome]
        date = entries.date[e]
        first_row, last_row = first_rows[w, date], last_rows[w, date]
        price = time_exit_price(prices, entries, e, first_row, last_row, costs)
        at_end = result_r(entries, e, price, costs)
        for i in range(r.shape[1]):
            in_time = exits.row[e, i] <= last_row
            result = exits.r[e, i] if in_time else at_end
            r[outcome, i], sign[outcome, i] = result, int(result > 0) - int(result < 0)
            ambiguous[outcome, i] = exits.ambiguous[e, i] and in_time
        if exits.any_ambiguous[e]:
            any_ambiguous[outcome] = ambiguous[outcome].any()
        if entries.risk[e] != 0:
            per_point[outcome] = 1.0 / entries.risk[e]
    return Results(r, sign, ambiguous, any_ambiguous, per_point)
