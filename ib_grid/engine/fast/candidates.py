"""Candidates for the day's trade: one per search setting and date."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ib_grid.engine.fast.compiled import inner_kernel
from ib_grid.grid.variations import VARIATION_RULES

NO_CANDIDATE = -1
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
        M1 row of the entry.
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
