"""Near-identical combinations: those that enter the same trades on nearly all dates."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ib_grid import analysis
from ib_grid.analysis import RunSource
from ib_grid.grid.params import Params

SAME_DATES = 0.9
Entries = tuple[NDArray[np.int64], NDArray[np.int64]]


def representatives(ranked: Sequence[Params], source: RunSource) -> NDArray[np.int64]:
    """Return the position of the representative of each combination, shape (n_ranked,).

    A combination is represented by the first one, itself or earlier, that represents itself and
    enters at the same minute in the same direction on at least `SAME_DATES` of the dates on which
    either trades.
    """
    known: dict[Params, Entries] = {}
    entries = [known.setdefault(own, _entries(own, known, source)) for own in map(_setting, ranked)]
    found = np.arange(len(ranked))
    for i, own in enumerate(entries):
        others = (j for j in range(i) if found[j] == j and _are_alike(own, entries[j]))
        found[i] = next(others, i)
    return found


def _setting(params: Params) -> Params:
    """Return the combination without its target and trailing, which change no entry."""
    return dataclasses.replace(params, rr_target=1.0, tsl_target=0.0, tsl_sl=0.5)


def _entries(params: Params, known: dict[Params, Entries], source: RunSource) -> Entries:
    """Return the entries of a combination as sorted numbers, and their dates."""
    if params in known:
        return known[params]
    trades = analysis.trades(source, params)
    minute = trades["entry_time"].to_numpy("datetime64[m]").astype(np.int64)
    is_long = (trades["direction"] == "long").to_numpy()
    return np.unique(2 * minute + is_long), np.unique(trades["date"].to_numpy().astype(np.int64))


def _are_alike(a: Entries, b: Entries) -> bool:
    same = len(np.intersect1d(a[0], b[0], assume_unique=True))
    either = len(np.union1d(a[1], b[1]))
    return same >= SAME_DATES * either
