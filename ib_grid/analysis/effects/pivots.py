"""A metric over the whole grid by two axes, each a parameter or several."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ib_grid.analysis.axis_values import JOINED_AXES, Value, factors
from ib_grid.analysis.effects.reductions import Reduction, reducer
from ib_grid.errors import ConfigError
from ib_grid.errors.validation import perhaps
from ib_grid.grid.grid import Grid
from ib_grid.grid.params import SESSION_FIELDS
from ib_grid.runs.cubes import Cube
from ib_grid.runs.run import Run, Where, checked_run

Axis = str | Sequence[str]

_AT_ONCE = 1 << 22


def pivot(
    run: Run,
    rows: Axis,
    columns: Axis,
    metric: str = "total_r",
    reduction: Reduction = "median",
    where: Where = None,
) -> pd.DataFrame:
    """A metric by two axes, over all combinations that share their values.

    Parameters
    ----------
    run : Run
    rows, columns : str or sequence of str
        What the axes are made of: parameters, ``session``, ``trailing`` (each pair of `tsl_target`
        and `tsl_sl`, no trailing among them) or ``rebound`` (of `rev_rb_enabled` and
        `rev_rb_pct`). ``("rr_target", "trailing")`` has a row for each pair of values.
    metric : str
        A metric column; those of a variation have its prefix.
    reduction : str or callable
        What is shown of a cell's values: `ib_grid.analysis.effects.reductions.reducer`.
    where : str or Condition, optional
        The combinations that count.

    Returns
    -------
    frame, shape (n_row_values, n_column_values)
        float64, in the metric's unit (``count``: combinations, ``share_above_0``: percent); NaN
        where no combination is there. `tsl_sl` by itself leaves out what does not trail, and
        `rev_rb_pct` what has no REV_RB: without them they are no values but placeholders.
        ``attrs`` holds the metric and the reduction.

    Raises
    ------
    ConfigError
        If an axis, the metric, the reduction or the condition is none.
    """
    checked_run(run)
    sides = [side_of(run.grid, given) for given in (rows, columns)]
    reduced = reducer(reduction)
    frame = _pivoted(run.cube(metric, where), sides, reduced)
    name = reduction if isinstance(reduction, str) else getattr(reduction, "__name__", "function")
    frame.attrs = {"metric": metric, "reduction": name}
    return frame


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """A part of a pivot's axis: parameters that lie on one axis of the ids.

    Attributes
    ----------
    axis : int
        The axis of the ids.
    names : tuple of str
    labels : tuple of tuple
        Its values, one for each name; NaN for a placeholder.
    codes : int64 array, shape (n_places,)
        Which of the labels each place of the axis has; -1 for none.
    """

    axis: int
    names: tuple[str, ...]
    labels: tuple[tuple[Value, ...], ...]
    codes: NDArray[np.int64]


def side_of(grid: Grid, axis: Axis) -> tuple[Part, ...]:
    """The parts of a pivot's axis.

    Raises
    ------
    ConfigError
        If a name is none, is there twice, or there is no name.
    """
    names = (axis,) if isinstance(axis, str) else tuple(axis)
    if not names or len(set(names)) < len(names):
        raise ConfigError(f"an axis of {names!r}", expected="one name or several, each once")
    return tuple(_part(grid, name) for name in names)


def _part(grid: Grid, name: str) -> Part:
    if name in JOINED_AXES:
        return _joined_part(grid, name)
    by_name = {factor.name: factor for factor in factors(grid)}
    if name not in by_name:
        known = (*by_name, *JOINED_AXES)
        if name in SESSION_FIELDS:
            raise ConfigError(f"no axis {name}", expected="session, which has its hours and zone")
        raise ConfigError(f"no axis {name}", expected=perhaps(name, known) or ", ".join(known))
    factor = by_name[name]
    codes = np.full(grid.shape[factor.axis], -1)
    for code, places in enumerate(factor.places):
        codes[list(places)] = code
    labels = tuple((value,) for value in factor.values)  # noqa: PD011
    return Part(axis=factor.axis, names=(name,), labels=labels, codes=codes)


def _joined_part(grid: Grid, name: str) -> Part:
    pairs: tuple[Any, ...] = grid.axes[name]
    order = sorted(range(len(pairs)), key=lambda place: pairs[place])
    codes = np.empty(len(pairs), np.int64)
    codes[order] = np.arange(len(pairs))
    labels = tuple(
        (first, second if first else math.nan) for first, second in map(pairs.__getitem__, order)
    )
    return Part(
        axis=list(grid.axes).index(name), names=JOINED_AXES[name], labels=labels, codes=codes
    )


def _pivoted(cube: Cube, sides: Sequence[tuple[Part, ...]], reduced: Any) -> pd.DataFrame:
    axes = sorted({part.axis for side in sides for part in side})
    others = [axis for axis in range(cube.ndim) if axis not in axes]
    n_groups = math.prod(cube.shape[axis] for axis in axes)
    groups = cube.transpose([*axes, *others]).reshape(n_groups, -1)
    places = np.indices([cube.shape[axis] for axis in axes]).reshape(len(axes), -1)
    by_axis = dict(zip(axes, places, strict=True))
    parts = [part for side in sides for part in side]
    valid = np.all([part.codes[by_axis[part.axis]] >= 0 for part in parts], axis=0)
    (row_index, row_codes), (column_index, column_codes) = (
        _index(s, by_axis, valid) for s in sides
    )
    cells = np.where(valid, row_codes * len(column_index) + column_codes, -1)
    n_cells = len(row_index) * len(column_index)
    values = _reduced_cells(groups, cells, n_cells, reduced)
    shape = (len(row_index), len(column_index))
    return pd.DataFrame(values.reshape(shape), index=row_index, columns=column_index)


def _index(
    side: tuple[Part, ...], places: dict[int, NDArray[np.int64]], valid: NDArray[np.bool_]
) -> tuple[pd.Index, NDArray[np.int64]]:
    """The values of a side that occur in valid groups, and which of them each group has."""
    lengths = [len(part.labels) for part in side]
    own = tuple(np.maximum(part.codes[places[part.axis]], 0) for part in side)
    codes = np.ravel_multi_index(own, lengths)
    used = np.unique(codes[valid])
    dense = np.searchsorted(used, codes)
    labels = [
        sum((part.labels[i] for part, i in zip(side, at, strict=True)), ())
        for at in zip(*np.unravel_index(used, lengths), strict=True)
    ]
    names = [name for part in side for name in part.names]
    if len(names) == 1:
        return pd.Index([label[0] for label in labels], name=names[0]), dense
    columns = zip(*labels, strict=True) if labels else [[] for _ in names]
    return pd.MultiIndex.from_arrays([list(column) for column in columns], names=names), dense


def _reduced_cells(
    groups: Cube, cells: NDArray[np.int64], n_cells: int, reduced: Any
) -> NDArray[np.float64]:
    """The reduction of each cell's groups, shape (n_cells,); a block of cells at a time."""
    order = np.argsort(cells, kind="stable")
    order = order[cells[order] >= 0]
    counts = np.bincount(cells[order], minlength=n_cells)
    most = int(counts.max(initial=1))
    nothing = np.full((1, groups.shape[1]), np.nan, np.float32)
    first = np.cumsum(counts) - counts
    result = np.empty(n_cells)
    step = max(1, _AT_ONCE // (most * groups.shape[1]))
    for begin in range(0, n_cells, step):
        block = np.arange(begin, min(begin + step, n_cells))
        nth = first[block, None] + np.arange(most)
        there = np.arange(most) < counts[block, None]
        chosen = order[np.where(there, np.minimum(nth, len(order) - 1), 0)] if len(order) else there
        values = groups[chosen]
        values[~there] = nothing
        result[block] = reduced(values.reshape(len(block), -1))
    return result
