"""Neighbours of a combination: steps along one axis, as a trader would turn one knob.

One step leads

- to the next lower or higher number of a parameter;
- to any other session or stop mode, which have no order;
- between REV_RB off and on, at any `rev_rb_pct`;
- on the trailing axis, which joins `tsl_target` and `tsl_sl`: to the next `tsl_sl` at the same
  `tsl_target`, to the next `tsl_target` at the same `tsl_sl`, or between no trailing and the
  smallest `tsl_target` at any `tsl_sl` (without trailing, `tsl_sl` is a placeholder).

Pairs that the pruning rules removed (a `tsl_sl` above the `tsl_target`) cannot be reached: (1.5,
1.5) has (2, 1.5) as a neighbour on one side only. Two steps are two of these moves on one axis;
on the trailing axis they may change both parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ib_grid.analysis.axis_values import Value
from ib_grid.errors import ConfigError
from ib_grid.errors.validation import check_count, shown
from ib_grid.grid.grid import Grid
from ib_grid.grid.params import Params
from ib_grid.runs.cubes import JOINED_AXES
from ib_grid.runs.run import Run

Adjacency = Callable[[int], list[int]]
UNORDERED = ("session", "stop_mode")


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
    """Return the combinations up to some steps away on one axis, axis by axis.

    Parameters
    ----------
    of : Run or Grid
    combination : Params or int
        The parameters, or an id of the grid.
    steps : int
        1 for the adjacent combinations only.
    columns : sequence of str
        Metric columns of the run to add, in their unit.

    Returns
    -------
    frame
        A row per neighbour: ``combo_id``; ``steps`` away; ``axis``, the grid axis that differs;
        ``parameter``, the parameter that differs, or the axis if both of its parameters do;
        ``value``, the neighbour's value (a pair as text); and the metrics, NaN for a neighbour that
        is not computed or not kept.

    Raises
    ------
    GridError
        If the combination is not in the grid.
    ConfigError
        If `steps` is not a positive whole number, a column is unknown, or columns are requested
        of a grid, which has no results.

    Examples
    --------
    >>> from ib_grid.grid.named_grids import named_grid
    >>> from ib_grid.market.instruments import GER40
    >>> found = neighbours(named_grid("standard", GER40), 0)
    >>> found[found["axis"] == "session"]["value"].tolist()
    ['08:00-09:00', '09:00-09:30']
    """
    if not isinstance(of, (Run, Grid)):
        raise ConfigError(f"no neighbours in {shown(of)}", expected="a run of load_run, or a grid")
    grid = of if isinstance(of, Grid) else of.grid
    rows = list(_neighbours(grid, combination, check_count(steps, "steps")))
    found = pd.DataFrame(rows, columns=list(_Neighbour._fields))
    found = found.astype({"combo_id": np.int64, "steps": np.int64, "value": object})
    if not columns:
        return found
    if not isinstance(of, Run):
        raise ConfigError(
            f"a grid has no column {', '.join(columns)}", expected="a run, which has results"
        )
    of.check_columns(columns, metrics=True)
    results = of.rows(found["combo_id"].to_numpy(), ("combo_id", *columns))
    return found.merge(results, on="combo_id", how="left")


def _neighbours(grid: Grid, combination: Params | int, steps: int) -> Iterator[_Neighbour]:
    params = combination if isinstance(combination, Params) else grid.params(combination)
    own = grid.positions(params)
    for axis, (name, values) in enumerate(grid.axes.items()):
        here = own[axis]
        for there, n_steps in sorted(reached(adjacency(grid, name), here, steps).items()):
            combo_id = np.ravel_multi_index([*own[:axis], there, *own[axis + 1 :]], grid.shape)
            differs, value = _difference(name, values[here], values[there])
            yield _Neighbour(int(combo_id), n_steps, name, differs, value)


def reached(adjacent: Adjacency, start: int, steps: int) -> dict[int, int]:
    """Return the positions within some steps of a start, each with its number of steps."""
    apart, edge = {start: 0}, [start]
    for n_steps in range(1, steps + 1):
        edge = [p for p in {q for here in edge for q in adjacent(here)} if p not in apart]
        if not edge:
            break
        apart |= dict.fromkeys(edge, n_steps)
    del apart[start]
    return apart


def adjacency(grid: Grid, axis: str) -> Adjacency:
    """Return a function that maps a position on an axis to the positions one step away."""
    values = grid.axes[axis]
    if axis in JOINED_AXES:
        return _joined_adjacency(values)
    if axis in UNORDERED:
        return lambda here: [there for there in range(len(values)) if there != here]
    beside = _beside(values)
    position_of = {value: position for position, value in enumerate(values)}
    return lambda here: [position_of[value] for value in beside[values[here]]]


def _joined_adjacency(pairs: tuple[Any, ...]) -> Adjacency:
    beside_first = _beside({first for first, _ in pairs})
    beside_second = _beside({second for first, second in pairs if first})
    position_of = {pair: position for position, pair in enumerate(pairs)}
    with_first: dict[Any, list[int]] = {}
    for position, (first, _) in enumerate(pairs):
        with_first.setdefault(first, []).append(position)

    def adjacent(here: int) -> list[int]:
        first, second = pairs[here]
        found = [(first, near) for near in beside_second[second]] if first else []
        found += [(near, second) for near in beside_first[first] if first and near]
        placeholders = [near for near in beside_first[first] if not (first and near)]
        return [position_of[pair] for pair in found if pair in position_of] + [
            position for near in placeholders for position in with_first[near]
        ]

    return adjacent


def _beside(values: Iterable[Any]) -> dict[Any, list[Any]]:
    """Return each value's next lower and next higher value."""
    ordered = sorted(values)
    return {
        value: ordered[max(rank - 1, 0) : rank] + ordered[rank + 1 : rank + 2]
        for rank, value in enumerate(ordered)
    }


def _difference(axis: str, here: Any, there: Any) -> tuple[str, Value]:
    """Return the parameter in which two values of an axis differ, and its second value."""
    if axis not in JOINED_AXES:
        return axis, there if isinstance(there, (int, float, str)) else str(there)
    first, second = JOINED_AXES[axis]
    if here[0] == there[0]:
        return second, there[1]
    if here[1] == there[1] or not (here[0] and there[0]):
        return first, there[0]
    return axis, f"{there[0]:g} / {there[1]:g}"
