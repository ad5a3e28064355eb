"""Candidates for the day's trade, the first signal among them, and its entry (STRATEGY 4 and 5)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ib_grid.engine.execution_settings import ORIGINAL, RISK_FLOOR
from ib_grid.engine.fast.compiled import inner_kernel, kernel
from ib_grid.grid.variations import VARIATION_RULES

NO_ENTRY = -1
NO_CANDIDATE = -1
NO_ROW = -1  # of a candidate that comes too late to enter
BY_STOP_MODE = np.nan  # stop of a candidate whose stop follows `stop_mode`
NEVER = 1 << 60

_PRIORITY = np.array([rule.priority for rule in VARIATION_RULES.values()])


class Candidates(NamedTuple):
    """One candidate per setting and date; arrays of shape (n_settings, n_dates).

    Attributes
    ----------
    variation : int8 array
        Index in `VARIATIONS`, or NO_CANDIDATE.
    direction : int8 array
        LONG or SHORT.
    order : int64 array
        The least one of a day's candidates is traded; NEVER where there is none.
    moment : int64 array
        News moment, UTC minute.
    row : int64 array
        M1 row of the entry, or NO_ROW.
    ref, mid, stop : float64 array
        Price from which stop and target are measured; mid price of the fill; level of the stop
        before it is mirrored or widened, or BY_STOP_MODE.
    limit : bool array
        True if a limit order fills in the entry bar (`realistic` REV_RB).
    """

    variation: NDArray[np.int8]
    direction: NDArray[np.int8]
    order: NDArray[np.int64]
    moment: NDArray[np.int64]
    row: NDArray[np.int64]
    ref: NDArray[np.float64]
    mid: NDArray[np.float64]
    stop: NDArray[np.float64]
    limit: NDArray[np.bool_]


def no_candidates(n_settings: int, n_dates: int) -> Candidates:
    """Return room for candidates, with none on any date yet."""
    shape = (n_settings, n_dates)
    return Candidates(
        variation=np.full(shape, NO_CANDIDATE, np.int8),
        direction=np.zeros(shape, np.int8),
        order=np.full(shape, NEVER, np.int64),
        moment=np.zeros(shape, np.int64),
        row=np.zeros(shape, np.int64),
        ref=np.zeros(shape, np.float64),
        mid=np.zeros(shape, np.float64),
        stop=np.zeros(shape, np.float64),
        limit=np.zeros(shape, np.bool_),
    )


@inner_kernel
def is_blocked(spans, minute):  # type: ignore[no-untyped-def]
    """Return True if a UTC minute lies in one of the blocked spans, both ends included."""
    starts, ends = spans
    first, past = 0, len(ends)
    while first < past:  # the first span that does not end before
        middle = (first + past) // 2
        if ends[middle] < minute:
            first = middle + 1
        else:
            past = middle
    return first < len(starts) and starts[first] <= minute


@inner_kernel
def put(out, setting, date, variation, direction, order, moment, row, ref, mid, stop, limit):  # type: ignore[no-untyped-def]
    """Write the candidate of a setting and date; `order` without the variation's priority."""
    out.variation[setting, date] = variation
    out.direction[setting, date] = direction
    out.order[setting, date] = order + _PRIORITY[variation]
    out.moment[setting, date] = moment
    out.row[setting, date] = row
    out.ref[setting, date] = ref
    out.mid[setting, date] = mid
    out.stop[setting, date] = stop
    out.limit[setting, date] = limit


@inner_kernel
def row_at_or_after(prices, row, last_row, minute):  # type: ignore[no-untyped-def]
    """Return the first M1 row from `row` to `last_row` at or after `minute`."""
    while row <= last_row and prices.minute[row] < minute:
        row += 1
    return row


class Entries(NamedTuple):
    """Distinct entries: settings that enter alike share one; arrays of shape (n_entries,).

    Attributes
    ----------
    date : int64 array
        Index of the session date.
    row : int64 array
        M1 row of the entry.
    direction : int8 array
        +1 long, -1 short.
    limit : bool array
        True if a limit order filled in that bar (`realistic` REV_RB).
    ref, stop, fill, risk : float64 array
        Points. A risk of 0 marks the invalid trade of `original`.
    """

    date: NDArray[np.int64]
    row: NDArray[np.int64]
    direction: NDArray[np.int8]
    limit: NDArray[np.bool_]
    ref: NDArray[np.float64]
    stop: NDArray[np.float64]
    fill: NDArray[np.float64]
    risk: NDArray[np.float64]


class Settings(NamedTuple):
    """Settings, as the first signal and the entry need them; arrays of shape (n_settings,).

    Attributes
    ----------
    rows : int64 array, shape (n_searches, n_settings)
        Row of the candidates of each of `signals.SEARCHES`.
    window : int64 array
        Index of the trade window.
    stop_at_eq : bool array
        True if OCAE and TCWE put the stop at the EQ; otherwise at the window's start price.
    min_sl_pct : float64 array
    """

    rows: NDArray[np.int64]
    window: NDArray[np.int64]
    stop_at_eq: NDArray[np.bool_]
    min_sl_pct: NDArray[np.float64]


def empty_entries(size: int) -> Entries:
    """Return empty arrays for `size` entries."""
    return Entries(
        date=np.empty(size, np.int64),
        row=np.empty(size, np.int64),
        direction=np.empty(size, np.int8),
        limit=np.empty(size, np.bool_),
        ref=np.empty(size, np.float64),
        stop=np.empty(size, np.float64),
        fill=np.empty(size, np.float64),
        risk=np.empty(size, np.float64),
    )


@inner_kernel
def protective_stop(direction, ref, stop, min_sl_pct):  # type: ignore[no-untyped-def]
    """Return the stop, mirrored (STRATEGY 5, step 2) and widened (step 3)."""
    if direction * (ref - stop) <= 0:
        stop = ref - direction * abs(ref - stop)
    if abs(ref - stop) < min_sl_pct * ref:
        stop = ref - direction * (min_sl_pct * ref)
    return stop


@inner_kernel
def first_signal(order, rows, setting, date):  # type: ignore[no-untyped-def]
    """Return the row of the day's earliest candidate, or -1 (STRATEGY 4)."""
    first = rows[0, setting]
    for search in range(1, rows.shape[0]):
        row = rows[search, setting]
        if order[row, date] < order[first, date]:
            first = row
    return first if order[first, date] < NEVER else -1


@inner_kernel
def _find_or_add(entries, n, newest, older, date, row, direction, limit, ref, stop, fill, risk):  # type: ignore[no-untyped-def]
    """Return the index of an entry, which is added if its date has none like it."""
    index = newest[date]
    while index >= 0:
        if (
            entries.row[index] == row
            and entries.direction[index] == direction
            and entries.limit[index] == limit
            and entries.ref[index] == ref
            and entries.stop[index] == stop
            and entries.fill[index] == fill
        ):
            return index
        index = older[index]
    entries.date[n], entries.row[n], entries.direction[n] = date, row, direction
    entries.limit[n], entries.ref[n], entries.stop[n] = limit, ref, stop
    entries.fill[n], entries.risk[n] = fill, risk
    older[n], newest[date] = newest[date], n
    return n


@kernel
def collect_entries(  # type: ignore[no-untyped-def]
    prices, settings, candidates, last_rows, eq, start_price, costs, entries
):
    """Gather the distinct entries to which the first signals of each setting lead.

    Return their number; and, by setting and date, the place in `entries` (or NO_ENTRY) and the
    variation.
    """
    n_settings, n_dates = len(settings.window), len(eq)
    entry_index = np.full((n_settings, n_dates), NO_ENTRY, np.int32)
    variation = np.full((n_settings, n_dates), NO_CANDIDATE, np.int8)
    newest, older = np.full(n_dates, -1, np.int64), np.empty(len(entries.date), np.int64)
    n = np.int64(0)  # typed: a literal would compile the callee twice
    for setting in range(n_settings):
        for date in range(n_dates):
            first = first_signal(candidates.order, settings.rows, setting, date)
            if first < 0:
                continue
            row, window = candidates.row[first, date], settings.window[setting]
            if row == NO_ROW or row > last_rows[window, date]:
                continue
            kind = candidates.variation[first, date]
            direction = candidates.direction[first, date]
            ref, stop = candidates.ref[first, date], candidates.stop[first, date]
            if np.isnan(stop):  # STRATEGY 5, step 1: the level follows `stop_mode`
                at_eq = settings.stop_at_eq[setting]
                stop = eq[date] if at_eq else start_price[window, date]
            stop = protective_stop(direction, ref, stop, settings.min_sl_pct[setting])
            limit = candidates.limit[first, date]
            cost = 0.0 if limit else prices.half[row] + costs.slippage
            fill = candidates.mid[first, date] + direction * cost
            risk = abs(fill - stop)
            if risk <= RISK_FLOOR * ref:
                if costs.model != ORIGINAL:
                    continue
                risk = 0.0
            index = _find_or_add(
                entries, n, newest, older, date, row, direction, limit, ref, stop, fill, risk
            )
            n = max(n, index + 1)
            entry_index[setting, date] = index
            variation[setting, date] = kind
    return n, entry_index, variation
