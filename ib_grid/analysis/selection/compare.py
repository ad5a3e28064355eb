"""Comparison of two runs: the same combinations under other fills, spreads or years."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ib_grid.analysis.selection.top import SCORE, top
from ib_grid.errors import DataError
from ib_grid.grid.grid import Grid
from ib_grid.grid.scoring import RankingSettings
from ib_grid.runs.cubes import JOINED_AXES
from ib_grid.runs.fingerprint import differences
from ib_grid.runs.manifest import Manifest
from ib_grid.runs.run import Run, Where, checked_run

_PLACES = ("in A", "in B")
METRICS = ("total_r", "total_trades", "winrate", "sharpe_ratio", "max_drawdown")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Comparison:
    """Comparison of two runs, a and b.

    Attributes
    ----------
    differences : tuple of str
        Differences between the runs, a line each: ``execution.spread_points: 1.5 in A, 3.0 in B``.
    rows : frame
        A row per combination that both have, by its id in a: ``combo_id_a``, ``combo_id_b``, and
        each metric with ``_a`` and ``_b``.
    rank_correlation : mapping of str to float
        Spearman correlation of each metric over `rows`, ties with their mean rank; NaN for a
        constant metric.
    top : frame
        The best of a that b has too: ``rank_a``, ``score_a`` if ranked by it, and the columns of
        `rows`.
    n_top : int
        Number of combinations of a that were selected: as many as asked for, or all that qualify;
        combinations missing in b are not in `top`.
    """

    differences: tuple[str, ...]
    rows: pd.DataFrame
    rank_correlation: dict[str, float]
    top: pd.DataFrame
    n_top: int

    @property
    def n_common(self) -> int:
        """Return the number of combinations that both runs have."""
        return len(self.rows)

    @property
    def n_top_profitable(self) -> int:
        """Return the number of best combinations of a with a total R above 0 in b."""
        return int((self.top["total_r_b"] > 0).sum())

    @property
    def profitable_share_pct(self) -> float:
        """Return the percent of all common combinations with a total R above 0 in b."""
        return float(100 * (self.rows["total_r_b"] > 0).mean())


def compare_runs(
    a: Run,
    b: Run,
    *,
    by: str = SCORE,
    n_top: int = 100,
    ascending: bool = False,
    where: Where = None,
    metrics: Sequence[str] = METRICS,
    ranking: RankingSettings | None = None,
) -> Comparison:
    """Compare two runs combination by combination, joined by id or, across grids, by parameters.

    Combinations that are not in both runs are left out, also those that an unfinished run lacks. A
    placeholder (the `tsl_sl` without trailing) may differ: it has no effect.

    Parameters
    ----------
    a, b : Run
    by : str
        Column that ranks the combinations of `a`, as in `ib_grid.analysis.top`.
    n_top : int
        Number of combinations of `a` to find in `b`.
    ascending : bool
        True if the smallest are the best.
    where : str or Condition, optional
        Combinations of `a` to include.
    metrics : sequence of str
        Metric columns, `total_r` always among them.
    ranking : RankingSettings, optional
        As in `top`.

    Raises
    ------
    ConfigError
        If a run, a column or the condition is invalid, or a column is not stored.
    DataError
        If no combination of `a` meets the condition, or the runs share no combination.
    """
    names = tuple(dict.fromkeys(("total_r", *metrics)))
    for run in map(checked_run, (a, b)):
        run.check_columns(names, metrics=True)
    rows = _joined(a, b, names, where)
    if rows.empty:
        apart = ", ".join(_apart(a.grid, b.grid))
        raise DataError(
            "the runs share no combination",
            location=f"{a.path} and {b.path}",
            expected=f"values of {apart} that both grids have"
            if apart
            else "a combination that both runs have computed and kept",
        )
    best = top(a, by, n_top, ascending=ascending, where=where, ranking=ranking)
    return Comparison(
        differences=tuple(_differences(a.manifest, b.manifest)),
        rows=rows,
        rank_correlation={name: _spearman(rows[f"{name}_a"], rows[f"{name}_b"]) for name in names},
        top=_top_rows(best, rows),
        n_top=len(best),
    )


def _differences(a: Manifest, b: Manifest) -> list[str]:
    """Return the differences of two runs, with the dates of their bars instead of checksums."""
    ours, theirs = ({**run.identity, "data": None} for run in (a, b))
    found = differences(ours, theirs, _PLACES)
    first, second = (f"{run.data['first']} to {run.data['last']}" for run in (a, b))
    if first != second:
        found.append(f"bars: {first} in A, {second} in B")
    elif a.data["sha256"] != b.data["sha256"]:
        found.append(f"bars: other prices, both {first}")
    return found


def _joined(a: Run, b: Run, names: tuple[str, ...], where: Where) -> pd.DataFrame:
    rows = a.frame(("combo_id", *names), where)
    if rows.empty and where is not None:
        text = where if isinstance(where, str) else where.text
        raise DataError(
            f"no combination of the run meets {text}",
            location=str(a.path),
            expected="a condition that some combination meets",
        )
    ids = rows["combo_id"].to_numpy()
    places = {name: b.cube(name).reshape(-1) for name in names}
    ids_b = matched_ids(a.grid, b.grid, ids)
    there = ids_b >= 0
    there[there] = ~np.isnan(places["total_r"][ids_b[there]])
    columns: dict[str, NDArray[Any]] = {"combo_id_a": ids[there], "combo_id_b": ids_b[there]}
    for name in names:
        columns[f"{name}_a"] = rows[name].to_numpy()[there]
        columns[f"{name}_b"] = places[name][ids_b[there]]
    return pd.DataFrame(columns)


def matched_ids(a: Grid, b: Grid, ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the ids of the same combinations in another grid, -1 if absent; shape (n_ids,).

    An axis with one value in either grid is a setting of the run, as its spread is: the two values
    may differ.
    """
    if a == b:
        return ids.copy()
    places = []
    for name, own_index in a.indices(ids).items():
        if len(a.axes[name]) == len(b.axes[name]) == 1:
            places.append(np.zeros_like(own_index))
            continue
        there = [_meaning(name, value) for value in b.axes[name]]
        index = [_index(there, _meaning(name, value)) for value in a.axes[name]]
        places.append(np.array(index)[own_index])
    missing = np.any([place < 0 for place in places], axis=0)
    found = np.ravel_multi_index(tuple(np.maximum(place, 0) for place in places), b.shape)
    return np.where(missing, -1, found)


def _apart(a: Grid, b: Grid) -> list[str]:
    """Return the axes on which two grids have no value in common."""
    meant = {
        name: [{_meaning(name, value) for value in grid.axes[name]} for grid in (a, b)]
        for name in a.axes
    }
    return [
        name
        for name, (ours, theirs) in meant.items()
        if not ours & theirs and max(len(ours), len(theirs)) > 1
    ]


def _meaning(axis: str, value: object) -> object:
    """Return an axis value without its placeholder."""
    if axis in JOINED_AXES and isinstance(value, tuple) and not value[0]:
        return value[0]
    return value


def _index(values: list[object], value: object) -> int:
    return values.index(value) if value in values else -1


def _spearman(a: pd.Series, b: pd.Series) -> float:
    """Return Spearman's rank correlation; NaN if a column is constant."""
    ranks = [_ranks(values.to_numpy()) for values in (a, b)]
    apart = [own - own.mean() for own in ranks]
    squares = [float(own @ own) for own in apart]
    if not all(squares):
        return math.nan
    return float(apart[0] @ apart[1]) / math.sqrt(squares[0] * squares[1])


def _ranks(values: NDArray[Any]) -> NDArray[np.float64]:
    """Return ranks from 0, equal values with their mean rank."""
    order = np.argsort(values)
    ordered = values[order]
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    counts = np.diff(np.append(starts, len(values)))
    ranks = np.empty(len(values))
    ranks[order] = np.repeat(starts + (counts - 1) / 2, counts)
    return ranks


def _top_rows(best: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the best of a with their metrics in both runs, in the order of the ranking."""
    kept = [name for name in ("rank", SCORE, "combo_id") if name in best]
    renamed = best[kept].rename(columns={name: f"{name}_a" for name in kept})
    return renamed.merge(rows, on="combo_id_a", how="inner", validate="one_to_one")
