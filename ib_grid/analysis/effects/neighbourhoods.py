"""What lies beside a set in the grid: steps along one axis, as a trader would turn one knob.

One step goes

- to the next lower or higher number of a parameter;
- to any other session, to the other stop mode: they have no order;
- between REV_RB off and on, whatever its `rev_rb_pct`;
- on the axis of trailing, which joins `tsl_target` and `tsl_sl` as the pruning rules leave them: to
  the next `tsl_sl` under the same `tsl_target`, to the next `tsl_target` with the same `tsl_sl`, or
  between no trailing and the smallest `tsl_target`, whatever its `tsl_sl`, which without trailing
  is a placeholder.

A step to a pair that the rules have pruned (a `tsl_sl` above the `tsl_target`) is none, and nothing
takes its place: beside (1.5, 1.5) lies (2, 1.5) on one side only. Two steps are two of these on the
same axis, all else held; on the axis of trailing they may change both of its parameters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ib_grid.analysis.axis_values import JOINED_AXES, PARENTS, Value, factors, own_value
from ib_grid.errors import ConfigError
from ib_grid.errors.validation import shown, whole_number
from ib_grid.grid.grid import Grid
from ib_grid.grid.params import Params
from ib_grid.runs.run import Run


class _Neighbour(NamedTuple):
    """A row of `neighbours`."""

    combo_id: int
    steps: int
    axis: str
    parameter: str
    value: Value


def neighbours(
    of: Run | Grid, combination: Params | int, steps: int = 1, columns: Sequence[str] = ()
) -> pd.DataFrame:
    """The combinations up to some steps away on one axis, axis by axis.

    Parameters
    ----------
    of : Run or Grid
    combination : Params or int
        The parameters, or an id of the grid.
    steps : int
        1 for those right beside it.
    columns : sequence of str
        Metric columns of the run to have beside each, in their unit.

    Returns
    -------
    frame
        A row per neighbour: ``combo_id``; ``steps``, how many steps away; ``axis``, the axis of the
        grid that differs; ``parameter``, the one that does, or the axis where both of its
        parameters do; ``value`` of it there, of a pair both as text; and the metrics asked for,
        NaN where a neighbour is not computed or not kept.

    Raises
    ------
    GridError
        If the combination is not in the grid.
    ConfigError
        If `steps` is no whole number from 1, or a column is none or of a grid without results.
    """
    if not isinstance(of, (Run, Grid)):
        raise ConfigError(f"neighbours in {shown(of)}", expected="a run of load_run, or a grid")
    grid = of if isinstance(of, Grid) else of.grid
    rows = list(_neighbours(grid, combination, checked_steps(steps)))
    found = pd.DataFrame(rows, columns=list(_Neighbour._fields))
    found = found.astype({"combo_id": np.int64, "steps": np.int64, "value": object})
    if not columns:
        return found
    if not isinstance(of, Run):
        raise ConfigError(f"{', '.join(columns)} of a grid", expected="a run, which has results")
    of.check_columns(columns, metrics=True)
    results = of.rows(found["combo_id"].to_numpy(), ("combo_id", *columns))
    return found.merge(results, on="combo_id", how="left")


def checked_steps(steps: int) -> int:
    """A number of steps.

    Raises
    ------
    ConfigError
        If it is no whole number from 1.
    """
    number = whole_number(steps)
    if number is None or number < 1:
        raise ConfigError(f"{shown(steps)} steps", expected="a whole number, 1 or more")
    return number


def _neighbours(grid: Grid, combination: Params | int, steps: int) -> Iterator[_Neighbour]:
    params = combination if isinstance(combination, Params) else grid.params(combination)
    own = [int(p[0]) for p in grid.places(np.array([grid.id_of(params)])).values()]
    for axis, (name, apart) in enumerate(zip(grid.axes, steps_apart(grid), strict=True)):
        values = grid.axes[name]
        for place in np.flatnonzero((apart[own[axis]] > 0) & (apart[own[axis]] <= steps)).tolist():
            combo_id = np.ravel_multi_index([*own[:axis], place, *own[axis + 1 :]], grid.shape)
            differs, value = _difference(name, values[own[axis]], values[place])
            n_steps = int(apart[own[axis], place])
            yield _Neighbour(int(combo_id), n_steps, name, differs, value)


@lru_cache(maxsize=8)
def steps_apart(grid: Grid) -> tuple[NDArray[np.int64], ...]:
    """For each axis the number of steps between its places, shape (n_places, n_places).

    0 from a place to itself; -1 where no steps lead from one to the other.
    """
    values = {factor.name: factor.values for factor in factors(grid)}  # noqa: PD011 - no frame
    return tuple(_distances(_one_step(name, places, values)) for name, places in grid.axes.items())


def _one_step(
    axis: str, places: tuple[Any, ...], values: Mapping[str, tuple[Value, ...]]
) -> NDArray[np.bool_]:
    """Which places of an axis lie one step apart."""
    return np.array([[_step(axis, here, there, values) for there in places] for here in places])


def _distances(one_step: NDArray[np.bool_]) -> NDArray[np.int64]:
    n_places = len(one_step)
    apart = np.where(np.eye(n_places, dtype=bool), 0, -1)
    reached = np.eye(n_places, dtype=bool)
    for n_steps in range(1, n_places):
        wider = reached | (reached.astype(np.int64) @ one_step > 0)
        apart[wider & ~reached] = n_steps
        reached = wider
    return apart


def _difference(axis: str, here: Any, there: Any) -> tuple[str, Value]:
    """The parameter in which two values of an axis differ, and its value in the second."""
    if axis not in JOINED_AXES:
        return axis, there if isinstance(there, (int, float, str)) else str(there)
    first, second = JOINED_AXES[axis]
    if here[0] == there[0]:
        return second, there[1]
    if here[1] == there[1] or not (here[0] and there[0]):
        return first, there[0]
    return axis, f"{there[0]:g} / {there[1]:g}"


def _step(axis: str, here: Any, there: Any, values: Mapping[str, tuple[Value, ...]]) -> bool:
    """Whether two values of an axis lie one step apart."""
    if here == there:
        return False
    differs, _ = _difference(axis, here, there)
    if differs in ("session", "stop_mode", "rev_rb_enabled"):
        return True
    if differs in JOINED_AXES or (differs in PARENTS and not here[0]):
        return False
    own, other = (values[differs].index(own_value(differs, v)) for v in (here, there))
    return abs(own - other) == 1
