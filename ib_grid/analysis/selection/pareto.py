"""Pareto front: combinations that cannot gain in one metric without losing in another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ib_grid.errors import ConfigError
from ib_grid.errors.validation import shown
from ib_grid.runs.run import Run, Where, checked_run

DIRECTIONS = ("max", "min")
_COMPARISONS_AT_ONCE = 1 << 22


def pareto(run: Run, directions: Mapping[str, str], where: Where = None) -> pd.DataFrame:
    """Return the combinations that are not dominated in some metrics.

    A combination dominates another if it is at least as good in every metric and better in one.
    Combinations with equal metrics do not dominate each other: all of them are returned.

    Parameters
    ----------
    run : Run
    directions : mapping of str to str
        Metric column to what is better, ``max`` or ``min``:
        ``{"total_r": "max", "max_drawdown": "min"}``.
    where : str or Condition, optional
        The combinations that count.

    Returns
    -------
    frame
        Columns ``combo_id`` and the metrics; best first by the first metric, then the second and
        so on, ties by id.

    Raises
    ------
    ConfigError
        If no metric is named, a metric is unknown, or a direction is invalid.
    """
    checked_run(run)
    if not isinstance(directions, Mapping):
        raise ConfigError(
            f"invalid directions {shown(directions)}",
            expected='metric to max or min, such as {"total_r": "max", "max_drawdown": "min"}',
        )
    wrong = [f"{name}: {way}" for name, way in directions.items() if way not in DIRECTIONS]
    if wrong or not directions:
        raise ConfigError(
            f"directions {', '.join(wrong) or 'of no metric'}", expected="max or min for each"
        )
    names = list(directions)
    run.check_columns(names, metrics=True)
    rows = run.frame(("combo_id", *names), where)
    signs = np.array([1 if directions[name] == "min" else -1 for name in names])
    front = rows[not_dominated(rows[names].to_numpy(np.float64) * signs)]
    ascending = [directions[name] == "min" for name in names]
    return front.sort_values([*names, "combo_id"], ascending=[*ascending, True], ignore_index=True)


def not_dominated(costs: NDArray[Any]) -> NDArray[np.bool_]:
    """Return a mask of the points that are not dominated, shape (n_points,); lower is better.

    Costs are finite, shape (n_points, n_columns). Equal points are all included or all excluded.
    Two columns take n log n; more take n times the size of the front at worst, of which the first
    points leave little.
    """
    if not len(costs):
        return np.zeros(0, np.bool_)
    if costs.shape[1] == 1:
        return np.asarray(costs[:, 0] == costs.min())
    return _of_two(costs) if costs.shape[1] == 2 else _of_many(costs)


def _of_two(costs: NDArray[Any]) -> NDArray[np.bool_]:
    order = np.lexsort((costs[:, 1], costs[:, 0]))
    first, second = costs[order].T
    starts = np.flatnonzero(np.append(True, first[1:] != first[:-1]))
    least = second[starts]  # of each value of the first column
    before = np.append(np.inf, np.minimum.accumulate(least)[:-1])
    lengths = np.diff(np.append(starts, len(first)))
    kept = np.zeros(len(costs), bool)
    good = np.repeat(least, lengths)
    kept[order] = (second == good) & (good < np.repeat(before, lengths))
    return kept


def _of_many(costs: NDArray[Any]) -> NDArray[np.bool_]:
    """Return the front of more than two columns.

    In the order of summed ranks, no point is dominated by a later one.
    """
    ranks = np.column_stack([_rank(column) for column in costs.T])
    sums = ranks.sum(axis=1, dtype=np.int64)
    left = np.argsort(sums, kind="stable")
    kept = np.zeros(len(costs), bool)
    while len(left):
        n_heads = max(1, min(_COMPARISONS_AT_ONCE // len(left), 1024))
        heads, rest = left[:n_heads], left[n_heads:]
        heads = heads[~_dominated(heads, heads, ranks, sums)]
        kept[heads] = True
        left = rest[~_dominated(rest, heads, ranks, sums)]
    return kept


def _rank(column: NDArray[Any]) -> NDArray[np.int32]:
    return np.unique(column, return_inverse=True)[1].astype(np.int32)


def _dominated(
    points: NDArray[np.intp],
    by: NDArray[np.intp],
    ranks: NDArray[np.int32],
    sums: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Return a mask of dominated points: another has no rank above and a lower sum."""
    found = np.zeros(len(points), bool)
    own, own_sums = ranks[points].T, sums[points]
    for other in by:
        no_worse = sums[other] < own_sums
        for column in range(ranks.shape[1]):
            no_worse &= ranks[other, column] <= own[column]
        found |= no_worse
    return found


def pareto_front(points: NDArray[Any], ids: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return the rows of the Pareto front of points (cost, gain), ascending in both.

    Of equal points the one with the lowest id is included.
    """
    front = np.flatnonzero(not_dominated(points * np.array([1, -1], points.dtype)))
    front = front[np.lexsort((ids[front], points[front, 0]))]
    is_first = np.append(True, (np.diff(points[front, 0]) != 0))[: len(front)]
    return front[is_first]
