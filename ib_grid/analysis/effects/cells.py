"""Cells of the grid: the values of a cube that share values of some parameters.

Every table of parameter effects (pivots, bands, heat maps) is a reduction of such cells.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ib_grid.analysis.axis_values import Factor, Value
from ib_grid.runs.cubes import Cube


class Level(NamedTuple):
    """Values of one or more parameters, and their positions on each grid axis concerned."""

    label: tuple[Value, ...]
    positions: dict[int, frozenset[int]]

    def __and__(self, other: Level) -> Level:
        """Return the intersection of two levels; empty if no combination has the values of both."""
        positions = dict(self.positions)
        for axis, own in other.positions.items():
            positions[axis] = positions.get(axis, own) & own
        return Level(self.label + other.label, positions)

    @property
    def is_empty(self) -> bool:
        """Return whether no combination of the grid has these values."""
        return not all(self.positions.values())


EVERYTHING = Level((), {})


def factor_levels(factor: Factor) -> list[Level]:
    """Return a level for each value of a parameter."""
    return [
        Level((value,), {factor.axis: frozenset(positions)})
        for value, positions in zip(factor.values, factor.positions, strict=True)
    ]


def crossed(sides: Sequence[Sequence[Level]]) -> list[Level]:
    """Return every pairing of the sides' levels, the last side varying fastest."""
    levels = [EVERYTHING]
    for side in sides:
        levels = [first & second for first, second in product(levels, side)]
    return levels


def cell_values(cube: Cube, levels: Sequence[Level]) -> Iterator[NDArray[np.float32]]:
    """Yield the values of each level, missing ones left out: copies, which may be sorted in place.

    All levels are on the same axes of the cube, shape ``grid.shape``.
    """
    axes = sorted(levels[0].positions) if levels else []
    others = [axis for axis in range(cube.ndim) if axis not in axes]
    by_position = cube.transpose([*axes, *others]).reshape([*(cube.shape[a] for a in axes), -1])
    for level in levels:
        index = np.ix_(*(sorted(level.positions[axis]) for axis in axes))
        values = by_position[tuple(i.astype(np.intp) for i in index)]
        yield values[~np.isnan(values)]
