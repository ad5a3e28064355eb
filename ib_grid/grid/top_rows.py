"""Top N of rows that come in blocks, in the one order of all rankings."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ib_grid.grid.scoring import best_first

AT_ONCE = 16_384

Ints = NDArray[np.int64]


class TopRows:
    """The best `n` rows so far, by score and then by id.

    Memory is bounded: besides these rows, fewer than the larger of `n` and `AT_ONCE` rows are held,
    and the rows of one block. A row may carry `n_more` further integers along with its score and
    id.
    """

    def __init__(self, n: int, n_more: int = 0) -> None:
        none = np.zeros(0, np.int64)
        self._n = n
        self._parts: list[tuple[NDArray[Any], ...]] = [
            (np.zeros(0), none, *(none for _ in range(n_more)))
        ]
        self._n_waiting = 0

    def add(self, score: NDArray[np.float64], combo_id: Ints, *more: Ints) -> None:
        """Take the rows of a block; arrays of shape (n_rows,)."""
        columns, best = (score, combo_id, *more), self._parts[0][0]
        if len(best) == self._n > 0:  # below the last is out; with a tie the id decides
            rows = score >= best[-1]
            columns = tuple(column[rows] for column in columns)
        self._parts.append(columns)
        self._n_waiting += len(columns[0])
        if self._n_waiting >= max(self._n, AT_ONCE):
            self._sort()

    def merge(self, other: TopRows) -> TopRows:
        """Merge the other's top rows into this one and return it."""
        self.add(*other.columns())
        return self

    def columns(self) -> tuple[NDArray[Any], ...]:
        """Return score, id and further columns of the top rows; arrays of shape (n_top,)."""
        self._sort()
        return self._parts[0]

    def _sort(self) -> None:
        if len(self._parts) > 1:
            joined = tuple(np.concatenate(columns) for columns in zip(*self._parts, strict=True))
            best = best_first(joined[0], joined[1], self._n)
            self._parts = [tuple(column[best] for column in joined)]
            self._n_waiting = 0
