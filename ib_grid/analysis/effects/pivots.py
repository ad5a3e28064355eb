"""Pivot tables of a metric over the whole grid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ib_grid.analysis.axis_values import factors
from ib_grid.analysis.effects.cells import Level, cell_values, crossed, factor_levels
from ib_grid.analysis.effects.reductions import Reduction, reducer
from ib_grid.errors import ConfigError
from ib_grid.errors.validation import did_you_mean
from ib_grid.grid.grid import Grid
from ib_grid.grid.params import SESSION_FIELDS
from ib_grid.runs.cubes import JOINED_AXES
from ib_grid.runs.run import Run, Where, checked_run

Axis = str | Sequence[str]


def pivot(
    run: Run,
    rows: Axis,
    columns: Axis,
    metric: str = "total_r",
    reduction: Reduction = "median",
    where: Where = None,
) -> pd.DataFrame:
    """Return a pivot table of a metric by two axes, over all other parameters.

    Parameters
    ----------
    run : Run
    rows, columns : str or sequence of str
        Parameters, ``session``, ``trailing`` (each pair of `tsl_target` and `tsl_sl`, including no
        trailing) or ``rebound`` (each pair of `rev_rb_enabled` and `rev_rb_pct`).
        ``("rr_target", "trailing")`` has a row for each pair of values.
    metric : str
        A metric column; a variation's own metrics have its prefix.
    reduction : str or callable
        Reduces the values of a cell: see `ib_grid.analysis.effects.reductions.reducer`.
    where : str or Condition, optional
        Combinations to include.

    Returns
    -------
    frame, shape (n_row_values, n_column_values)
        float64, in the metric's unit (``count``: combinations, ``share_above_0``: percent); NaN
        for a cell without combinations. `tsl_sl` by itself leaves out combinations without
        trailing, and `rev_rb_pct` those without REV_RB, whose values are placeholders. ``attrs``
        holds the metric and the reduction.

    Raises
    ------
    ConfigError
        If an axis, the metric, the reduction or the condition is invalid.
    """
    checked_run(run)
    row_names, row_levels = levels_of(run.grid, rows)
    column_names, column_levels = levels_of(run.grid, columns)
    reduced = reducer(reduction)
    cube = run.cube(metric, where)
    cells = crossed([row_levels, column_levels])
    shape = (len(row_levels), len(column_levels))
    values = np.array([reduced(v) for v in cell_values(cube, cells)]).reshape(shape)
    exists = np.array([not cell.is_empty for cell in cells]).reshape(shape)
    in_rows, in_columns = np.flatnonzero(exists.any(axis=1)), np.flatnonzero(exists.any(axis=0))
    frame = pd.DataFrame(
        values[np.ix_(in_rows, in_columns)],
        index=_index(row_names, row_levels)[in_rows],
        columns=_index(column_names, column_levels)[in_columns],
    )
    name = reduction if isinstance(reduction, str) else getattr(reduction, "__name__", "function")
    frame.attrs = {"metric": metric, "reduction": name}
    return frame


def levels_of(grid: Grid, axis: Axis) -> tuple[list[str], list[Level]]:
    """Return the parameter names of a pivot's axis and the levels that occur in the grid."""
    given = (axis,) if isinstance(axis, str) else tuple(axis)
    if not given or len(set(given)) < len(given):
        raise ConfigError(f"invalid axis {given!r}", expected="one name or several, each once")
    names = [own for name in given for own in JOINED_AXES.get(name, (name,))]
    levels = crossed([_levels(grid, name) for name in given])
    return names, [level for level in levels if not level.is_empty]


def _levels(grid: Grid, name: str) -> list[Level]:
    if name in JOINED_AXES:
        axis = list(grid.axes).index(name)
        pairs: tuple[Any, ...] = grid.axes[name]
        return [
            Level((first, second if first else math.nan), {axis: frozenset([position])})
            for (first, second), position in sorted(zip(pairs, range(len(pairs)), strict=True))
        ]
    by_name = {factor.name: factor for factor in factors(grid)}
    if name not in by_name:
        known = (*by_name, *JOINED_AXES)
        if name in SESSION_FIELDS:
            raise ConfigError(
                f"unknown axis {name!r}", expected="session, which has its hours and zone"
            )
        raise ConfigError(
            f"unknown axis {name!r}", expected=", ".join(known), hint=did_you_mean(name, known)
        )
    return factor_levels(by_name[name])


def _index(names: list[str], levels: list[Level]) -> pd.Index:
    if len(names) == 1:
        return pd.Index([level.label[0] for level in levels], name=names[0])
    columns = [[level.label[i] for level in levels] for i in range(len(names))]
    return pd.MultiIndex.from_arrays(columns, names=names)
