"""Kernels over combinations by their places in the grid: what they come to on each axis.

An id counts through the axes (`ib_grid.grid`), so that its places are its digits in a mixed radix.
Neighbouring ids share most of them: the next id is a step of an odometer, not ten divisions.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ib_grid.engine.fast.compiled import kernel

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@kernel
def set_places(places: Ints, combo_id: int, before: int, shape: Ints) -> None:
    """Turn the places of one id, or of none (-1), into those of another; shape (n_axes,)."""
    if before < 0 or combo_id != before + 1:
        rest = combo_id
        for axis in range(len(shape) - 1, -1, -1):
            places[axis] = rest % shape[axis]
            rest //= shape[axis]
        return
    for axis in range(len(shape) - 1, -1, -1):
        places[axis] += 1
        if places[axis] < shape[axis]:
            return
        places[axis] = 0


@kernel
def add_by_place(
    ids: Ints,
    values: Floats,
    shape: Ints,
    counts: Ints,
    sums: Floats,
) -> None:
    """Add combinations to the number and the sum of values at each place of each axis.

    Parameters
    ----------
    ids : int64 array, shape (n_rows,)
        Of the grid, every one of them.
    values : float64 array, shape (n_rows,)
    shape : int64 array, shape (n_axes,)
        Of the grid.
    counts, sums : int64 and float64 array, shape (n_places_of_all_axes,)
        Axis after axis; changed.
    """
    places, before = np.zeros(len(shape), np.int64), -1
    for row in range(len(ids)):
        set_places(places, ids[row], before, shape)
        before = ids[row]
        first = 0
        for axis in range(len(shape)):
            counts[first + places[axis]] += 1
            sums[first + places[axis]] += values[row]
            first += shape[axis]


@kernel
def count_digits(
    ids: Ints,
    keys: Ints,
    shape: Ints,
    axes: Ints,
    cells: Ints,
    first_slot: Ints,
    known: Ints,
    wanted: NDArray[np.bool_],
    shift: int,
    counts: Ints,
) -> None:
    """Count which digit of eight bits follows the known ones of the keys, in each cell.

    Parameters
    ----------
    ids : int64 array, shape (n_rows,)
        Of the grid, every one of them.
    keys : int64 array, shape (n_rows,)
        At least 0.
    shape : int64 array, shape (n_axes,)
        Of the grid.
    axes : int64 array, shape (n_groupings, 2)
        The axes by whose places a grouping groups.
    cells : int64 array, shape (n_places_of_all_groupings,)
        The cell of each pair of places, grouping after grouping; -1 for none.
    first_slot : int64 array, shape (n_cells + 1,)
        Where the slots of a cell begin, and those of the last one end.
    known : int64 array, shape (n_slots,)
        What precedes the digits that a slot counts.
    wanted : bool array, shape (2 ** k,)
        Whether some slot knows digits that end in these bits.
    shift : int
        Bits behind the digit.
    counts : int64 array, shape (n_slots, 256)
        Changed.
    """
    places, before = np.zeros(len(shape), np.int64), -1
    ending = len(wanted) - 1
    for row in range(len(ids)):
        head = keys[row] >> (shift + 8)
        if not wanted[head & ending]:  # so it is with most rows, once two digits are known
            continue
        set_places(places, ids[row], before, shape)
        before = ids[row]
        digit = (keys[row] >> shift) & 255
        first = 0
        for grouping in range(len(axes)):
            one, other = axes[grouping]
            cell = cells[first + places[one] * shape[other] + places[other]]
            first += shape[one] * shape[other]
            if cell < 0:
                continue
            for slot in range(first_slot[cell], first_slot[cell + 1]):
                if known[slot] == head:
                    counts[slot, digit] += 1


def warm_up() -> None:
    """Compile the kernels, or load them from the cache, by using each on no row.

    Numba compiles anew for arrays that cannot be written, so callers hand over arrays of their own.
    """
    none, ones = np.zeros(0, np.int64), np.ones(2, np.int64)
    add_by_place(none, np.zeros(0), ones, none, np.zeros(0))
    axes, table = np.array([[0, 1]]), np.zeros((1, 256), np.int64)
    count_digits(none, none, ones, axes, none, none, none, np.ones(1, np.bool_), 24, table)
