"""One parameter at a time: what a metric does when one value of a set is changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ib_grid.analysis.axis_values import factors, values_of
from ib_grid.grid.grid import Grid
from ib_grid.grid.params import Params
from ib_grid.runs.run import Run, checked_run


def slices(run: Run, combo_id: int, metric: str = "total_r") -> pd.DataFrame:
    """A metric along each parameter through a set, all others held.

    From a set without trailing each `tsl_target` is taken with its smallest `tsl_sl`, and from one
    without REV_RB it is enabled with the smallest `rev_rb_pct`: what the set itself has there is a
    placeholder. A pair that the pruning rules took away has no row.

    Parameters
    ----------
    run : Run
    combo_id : int
    metric : str
        A metric column.

    Returns
    -------
    frame
        Columns ``parameter``, ``value`` (objects: numbers, texts, booleans), ``combo_id``, the
        metric (float32, NaN where not computed) and ``is_own``: whether it is the set itself. By
        parameter in the order of the columns, by value within it.

    Raises
    ------
    GridError
        If the grid has no such combination.
    ConfigError
        If there is no such metric.
    """
    checked_run(run)
    params = run.grid.params(combo_id)
    rows = [
        (name, value, there, there == combo_id) for name, value, there in _along(run.grid, params)
    ]
    frame = pd.DataFrame(rows, columns=["parameter", "value", "combo_id", "is_own"])
    run.check_columns((metric,), metrics=True)
    there = run.rows(frame["combo_id"].to_numpy(), ("combo_id", metric)).set_index("combo_id")
    frame.insert(3, metric, there[metric].reindex(frame["combo_id"]).to_numpy(np.float32))
    return frame.astype({"value": object})


def _along(grid: Grid, params: Params) -> list[tuple[str, object, int]]:
    """Parameter, value and id of each set that differs in one parameter, and of the set itself."""
    own = values_of(params)
    names = list(grid.axes)
    here = [int(p[0]) for p in grid.indices(np.array([grid.id_of(params)])).values()]
    found: list[tuple[str, object, int]] = []
    for factor in factors(grid):
        if factor.name not in own:
            continue
        for value, places in zip(factor.values, factor.positions, strict=True):
            values = grid.axes[names[factor.axis]]
            place = _place(values, places, here[factor.axis], within_parent=bool(factor.parent))
            if place is not None:
                at = [*here[: factor.axis], place, *here[factor.axis + 1 :]]
                found.append((factor.name, value, int(np.ravel_multi_index(at, grid.shape))))
    return found


def _place(
    values: Sequence[Any], places: tuple[int, ...], here: int, *, within_parent: bool
) -> int | None:
    """Of the places that a parameter's value has on its axis, the one to look at from a set's."""
    own = values[here]
    if here in places:
        return here
    if not isinstance(own, tuple):
        return places[0]
    if within_parent:
        same = [place for place in places if values[place][0] == own[0]]
    elif own[0] and values[places[0]][0]:
        same = [place for place in places if values[place][1] == own[1]]
    else:
        same = sorted(places, key=lambda place: values[place][1])
    return same[0] if same else None
