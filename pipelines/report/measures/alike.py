"""Near-identical combinations: those that enter the same trades on nearly all dates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ib_grid.analysis import RunSource
from ib_grid.engine.fast.decisions import costs_of, decide
from ib_grid.engine.fast.entries import NO_ENTRY

SAME_DATES = 0.9


def representatives(ranked: NDArray[np.int64], source: RunSource) -> NDArray[np.int64]:
    """Return the position of the representative of each combination, shape (n_ranked,).

    A combination is represented by the first one, itself or earlier, that represents itself and
    enters at the same minute in the same direction on at least `SAME_DATES` of the dates on which
    either trades.
    """
    # Target and trailing change no entry.
    settings, setting = np.unique(ranked // source.grid.exits_per_setting, return_inverse=True)
    entries = _entries(settings * source.grid.exits_per_setting, source)[setting]
    found = np.arange(len(ranked))
    for i in range(len(ranked)):
        first = np.flatnonzero(found[: i + 1] == np.arange(i + 1))
        found[i] = first[_are_alike(entries[i], entries[first])][0]
    return found


def _entries(settings: NDArray[np.int64], source: RunSource) -> NDArray[np.int64]:
    """Return minute and direction of each entry as a number, shape (n_settings, n_dates).

    The dates are those of all sessions; a date without an entry has NO_ENTRY.
    """
    context, block = source.context, settings // source.grid.rows_per_block
    dates = np.unique(np.concatenate([of.date for of in context.market.levels.values()]))
    out = np.full((len(settings), len(dates)), NO_ENTRY, np.int64)
    for one in np.unique(block):  # of one session and wait
        rows = np.flatnonzero(block == one)
        decided = decide(context, source.grid, settings[rows], costs_of(context.execution))
        setting, date = np.nonzero(decided.entry_index != NO_ENTRY)
        entry = decided.entry_index[setting, date]
        minute = decided.prices.minute[decided.entries.row[entry]]
        date = np.searchsorted(dates, decided.levels.date[date])
        out[rows[setting], date] = 2 * minute + (decided.entries.direction[entry] > 0)
    return out


def _are_alike(own: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return a mask of the others that have nearly all entries of either in common."""
    either = (own != NO_ENTRY) | (others != NO_ENTRY)
    same = np.count_nonzero((own == others) & either, axis=1)
    return same >= SAME_DATES * np.count_nonzero(either, axis=1)
