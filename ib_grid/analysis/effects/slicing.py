"""Slices: a metric along one parameter at a time, through one combination."""

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
    """Return a metric along each parameter through a combination, all others held.

    From a combination without trailing, each `tsl_target` is taken with its smallest `tsl_sl`; from
    one without REV_RB, REV_RB is enabled with the smallest `rev_rb_pct`, because the combination's
    own values are placeholders. Pairs removed by the pruning rules have no row.

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
        metric (float32, NaN where not computed) and ``is_own``: True for the combination itself. By
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
    """Return parameter, value and id of each combination that differs in one parameter at most."""
    own = values_of(params)
    names = list(grid.axes)
    here = grid.positions(params)
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
    """Return the position of a parameter's value as reached from the position `here`."""
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
