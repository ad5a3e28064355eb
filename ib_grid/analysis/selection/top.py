"""Top N: the best combinations of a run by any column, in one total order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ib_grid.account.stored_counts import read_counts, stored_columns
from ib_grid.errors import ConfigError
from ib_grid.errors.validation import check_count, did_you_mean
from ib_grid.grid import scoring
from ib_grid.grid.columns import METRIC_COLUMNS, RESULT_COLUMNS
from ib_grid.grid.filters.row_filter import TopKThreshold
from ib_grid.grid.params import NUMERIC
from ib_grid.grid.scoring import Columns, Extrema, RankingSettings
from ib_grid.grid.top_rows import TopRows
from ib_grid.runs.run import Run, Where, checked_run

SCORE = "score"
SORTABLE = (SCORE, "combo_id", *NUMERIC, *METRIC_COLUMNS)


def ranking_of(run: Run, min_trades: int | None = None) -> RankingSettings:
    """Return the run's ranking settings, optionally with another minimum of trades."""
    own: Any = run.manifest.ranking
    least = own["min_trades"] if min_trades is None else min_trades
    return RankingSettings(weights=own["weights"], min_trades=least)


def top(
    run: Run,
    by: str = SCORE,
    n: int = 20,
    *,
    ascending: bool = False,
    where: Where = None,
    ranking: RankingSettings | None = None,
) -> pd.DataFrame:
    """Return the best combinations by a column; ties by id.

    Parameters
    ----------
    run : Run
    by : str
        A metric or a parameter that is a number, or ``score``: the composite score of
        `ib_grid.grid.scoring`, as the reports have it, over all with enough trades
        whatever `where`; or a count of start dates, such as ``ftmo_2step_0.5_passed``, that
        `ib-grid challenge --whole-grid` has stored.
    n : int
        Number of rows.
    ascending : bool
        Rank small values first.
    where : str or Condition, optional
        The combinations that count.
    ranking : RankingSettings, optional
        The minimum number of trades, also for other columns, and the score's weights; by default
        those of the run.

    Returns
    -------
    frame
        ``rank`` from 1, ``score`` where it is ranked by it (float64), and the columns of the run.

    Raises
    ------
    ConfigError
        If the column is unknown or not a number, `n` is below 1, or the run did not keep a column.
    """
    checked_run(run)
    if by in RESULT_COLUMNS and by not in SORTABLE:
        raise ConfigError(
            f"cannot rank by {by}, which is not a number",
            expected="score, a metric or a parameter that is a number",
        )
    counts = {} if by in SORTABLE else stored_columns(run)
    if by not in (*SORTABLE, *counts):
        raise ConfigError(
            f"unknown column {by!r}",
            expected="score, a metric or a parameter",
            hint=did_you_mean(by, (*counts, *SORTABLE)),
        )
    check_count(n, "rows")
    ranking = ranking or ranking_of(run)
    extrema = score_extrema(run, ranking) if by == SCORE else None
    stored = read_counts(*counts[by], run.plan) if by in counts else None
    ids, values = _best(run, by, n, ascending, where, ranking, extrema, stored)
    rows = run.rows(ids).set_index("combo_id", drop=False).loc[ids].reset_index(drop=True)
    if by == SCORE or stored is not None:
        rows.insert(0, by, values if stored is None else stored[ids])
    rows.insert(0, "rank", np.arange(1, len(rows) + 1))
    return rows


def score_extrema(run: Run, ranking: RankingSettings) -> Extrema:
    """Return the extrema of the score columns over all eligible rows.

    A run that kept only its best rows has recorded the extrema over all computed rows: by its own
    ranking, scores are those by which the rows were selected.
    """
    weights = ranking.weights
    if run.manifest.cut and ranking == run.manifest.row_filter.ranking:
        return TopKThreshold.from_dict(run.manifest.cut).extrema
    extrema = scoring.no_extrema(len(weights))
    for columns in _eligible(run, tuple(weights), None, ranking):
        extrema = extrema.merge(scoring.column_extrema(columns, weights))
    return extrema


def _eligible(
    run: Run, names: Sequence[str], where: Where, ranking: RankingSettings
) -> Iterator[Columns]:
    """Yield columns of the eligible rows, in blocks."""
    looked_at = ("total_trades",) if ranking.min_trades else ()
    for block in run.blocks(tuple(dict.fromkeys((*names, *looked_at))), where):
        columns: Columns = block.columns
        if looked_at:
            rows = scoring.eligible(columns, ranking.min_trades)
            columns = scoring.take(columns, columns, rows)
        yield columns


def _best(
    run: Run,
    by: str,
    n: int,
    ascending: bool,
    where: Where,
    ranking: RankingSettings,
    extrema: Extrema | None,
    stored: NDArray[np.int32] | None,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return ids and values of the best, best first; `stored` holds counts by id, or -1."""
    read = ranking.weights if extrema else (by,) if stored is None else ()
    needed = tuple(dict.fromkeys(("combo_id", *read)))
    sign = -1.0 if ascending else 1.0
    best = TopRows(n)
    for columns in _eligible(run, needed, where, ranking):
        if extrema:
            values = scoring.composite_scores(columns, ranking.weights, extrema)
        elif stored is not None:
            counted = stored[columns["combo_id"]] >= 0
            columns = scoring.take(columns, needed, counted)
            values = stored[columns["combo_id"]].astype(np.float64)
        else:
            values = columns[by].astype(np.float64)
        best.add(sign * values, columns["combo_id"])
    values, ids = best.columns()
    return ids, sign * values
