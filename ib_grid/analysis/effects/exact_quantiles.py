"""Exact quantiles of many groups of combinations at once, in bounded memory.

The values come in blocks, as often as they are asked for, and are never held. Their bits, turned so
that they count up as the values do, are four digits. The first pass counts how often each first
digit is there in each group, which tells the first digit of each value that is sought; each pass
more tells the next. This is selection by the digits of radix sorting (Knuth, The Art of Computer
Programming, volume 3, section 5.2.5).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ib_grid.analysis.effects.axis_kernels import count_digits

PASSES = 4
_BITS = 8
_KEY_BITS = PASSES * _BITS
_FILTER_BITS = 16
_SIGN = np.uint32(1 << 31)

Ints = NDArray[np.int64]


class Side(NamedTuple):
    """What groups combinations: values on an axis of the grid.

    Attributes
    ----------
    axis : int
    codes : int64 array, shape (n_places,)
        Which value each place of the axis has, -1 for none.
    n_codes : int
    """

    axis: int
    codes: Ints
    n_codes: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Groups:
    """Cells of one grouping or more, which may overlap, by the places on two axes each.

    Attributes
    ----------
    shape : int64 array, shape (n_axes,)
        Of the grid.
    axes : int64 array, shape (n_groupings, 2)
    cells : int64 array, shape (n_pairs_of_places,)
        The cell of each pair of places, grouping after grouping; -1 for none.
    first_cell : int64 array, shape (n_groupings + 1,)
        Where the cells of a grouping begin, and those of the last one end.
    """

    shape: Ints
    axes: Ints
    cells: Ints
    first_cell: Ints


def groups(shape: Sequence[int], groupings: Sequence[Sequence[Side]]) -> Groups:
    """The groups of several groupings, each by two sides, one or none.

    The cells of a grouping count through the values of its sides, those of the last one fastest.
    """
    axes, cells, first_cell = [], [], [0]
    for sides in groupings:
        own_axes, own, n_cells = _grouping(shape, sides)
        axes.append(own_axes)
        cells.append(np.where(own < 0, -1, own + first_cell[-1]).ravel())
        first_cell.append(first_cell[-1] + n_cells)
    return Groups(
        shape=np.array(shape, np.int64),
        axes=np.array(axes, np.int64).reshape(-1, 2),
        cells=np.concatenate(cells) if cells else np.zeros(0, np.int64),
        first_cell=np.array(first_cell),
    )


def _grouping(shape: Sequence[int], sides: Sequence[Side]) -> tuple[list[int], Ints, int]:
    """Its axes, the cell of each pair of their places, and the number of cells."""
    own_axes = [side.axis for side in sides]
    axes = list(dict.fromkeys((*own_axes, 0, 1)))[:2]  # any other one fills a place
    lengths = [shape[axis] for axis in axes]
    place_on = dict(zip(axes, np.indices(lengths), strict=True))
    cells, n_cells = np.zeros(lengths, np.int64), 1
    for axis, codes, n_codes in sides:
        own = codes[place_on[axis]]
        cells = np.where((cells < 0) | (own < 0), -1, cells * n_codes + own)
        n_cells *= n_codes
    return axes, cells, n_cells


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Search:
    """How far the values that are sought are known.

    Attributes
    ----------
    groups : Groups
    probabilities : tuple of float
    n_digits : int
        Digits that are known, one for each pass.
    first_slot : int64 array, shape (n_cells + 1,)
        Where the slots of a cell begin, and those of the last one end. A slot is a cell and the
        known digits of a value that is sought in it.
    known : int64 array, shape (n_slots,)
        Those digits, as one number.
    counts : int64 array, shape (n_cells,)
        Values of each cell; 0 before the first pass.
    slot, rank : int64 array, shape (n_cells_with_values, 2 * n_probabilities)
        The slot of each value that is sought, the two on either side of a quantile, and how many
        values of the slot lie below it.
    """

    groups: Groups
    probabilities: tuple[float, ...]
    n_digits: int
    first_slot: Ints
    known: Ints
    counts: Ints
    slot: Ints
    rank: Ints

    @property
    def place(self) -> NDArray[np.float64]:
        """Where each quantile lies among the values of its cell, from 0; shape (n_cells, n)."""
        last = self.counts[self.counts > 0] - 1
        return np.asarray(last[:, None] * np.array(self.probabilities))


def begun(of: Groups, probabilities: tuple[float, ...]) -> Search:
    """A search before its first pass."""
    n_cells = int(of.first_cell[-1])
    return Search(
        groups=of,
        probabilities=probabilities,
        n_digits=0,
        first_slot=np.arange(n_cells + 1),
        known=np.zeros(n_cells, np.int64),
        counts=np.zeros(n_cells, np.int64),
        slot=np.zeros((0, 2 * len(probabilities)), np.int64),
        rank=np.zeros((0, 2 * len(probabilities)), np.int64),
    )


def no_counts(search: Search) -> Ints:
    """The table of a pass before any block, shape (n_slots, 256); tables are added up."""
    return np.zeros((len(search.known), 1 << _BITS), np.int64)


def count(search: Search, ids: Ints, values: NDArray[np.float32], table: Ints) -> None:
    """Count a block into the table of a pass.

    Parameters
    ----------
    search : Search
    ids : int64 array, shape (n_rows,)
        Of the grid, every one of them.
    values : float32 array, shape (n_rows,)
        Finite.
    table : int64 array, shape (n_slots, 256)
        Changed.
    """
    of, shift = search.groups, _KEY_BITS - (search.n_digits + 1) * _BITS
    wanted = np.zeros(1 << _FILTER_BITS, np.bool_)
    wanted[search.known & (len(wanted) - 1)] = True
    slots = (search.first_slot, search.known, wanted)
    own = np.array(ids, np.int64)
    count_digits(own, _keys(values), of.shape, of.axes, of.cells, *slots, shift, table)


def _keys(values: NDArray[np.float32]) -> Ints:
    """The bits of the values, turned so that they count up as the values do."""
    bits = np.ascontiguousarray(values).view(np.uint32)
    return np.where(bits & _SIGN, ~bits, bits | _SIGN).astype(np.int64)


def _values(keys: Ints) -> NDArray[np.float64]:
    bits = keys.astype(np.uint32)
    return np.where(bits & _SIGN, bits ^ _SIGN, ~bits).view(np.float32).astype(np.float64)


def narrowed(search: Search, table: Ints) -> Search:
    """The search with one digit more, after a pass has counted every block into its table."""
    if not search.n_digits:
        search = _ranked(search, table.sum(axis=1))
    running = np.append(0, table.ravel().cumsum())
    first = search.slot * table.shape[1]
    sought = running[first] + search.rank
    found = np.searchsorted(running, sought, side="right") - 1
    cell = np.flatnonzero(search.counts)[:, None]
    known = (search.known[search.slot] << _BITS) + found - first
    slots, slot = np.unique((cell << _KEY_BITS) + known, return_inverse=True)
    return replace(
        search,
        n_digits=search.n_digits + 1,
        first_slot=np.searchsorted(slots >> _KEY_BITS, np.arange(len(search.counts) + 1)),
        known=slots & ((1 << _KEY_BITS) - 1),
        slot=slot.reshape(known.shape),
        rank=sought - running[found],
    )


def _ranked(search: Search, counts: Ints) -> Search:
    """The search with the ranks that are sought, now that the size of each cell is known."""
    sized = replace(search, counts=counts)
    below = np.floor(sized.place).astype(np.int64)
    above = np.minimum(below + 1, counts[counts > 0][:, None] - 1)
    rank = np.concatenate([below, above], axis=1)
    return replace(
        sized, slot=np.broadcast_to(np.flatnonzero(counts)[:, None], rank.shape), rank=rank
    )


def quantiles(search: Search) -> NDArray[np.float64]:
    """The quantiles that were sought, after `PASSES` passes.

    Returns
    -------
    float64 array, shape (n_cells, n_probabilities)
        Linear between neighbouring values; NaN where a cell has none.
    """
    result = np.full((len(search.counts), len(search.probabilities)), np.nan)
    low, high = np.split(_values(search.known[search.slot]), 2, axis=1)
    result[search.counts > 0] = low + (search.place - np.floor(search.place)) * (high - low)
    return result
