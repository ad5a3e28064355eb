"""Rankings of a run's combinations, exact and in bounded memory.

Three passes over the partition files: what is eligible and the extrema of the score columns, then
the scores and the best of them, then the whole rows of those. Every ranking is made in the same
passes, and several processes may share each of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ib_grid.errors import StoreError
from ib_grid.grid import scoring
from ib_grid.grid.columns import METRIC_COLUMNS
from ib_grid.grid.scoring import Columns, Extrema, RankingSettings
from ib_grid.grid.top_rows import TopRows
from ib_grid.grid.variations import VARIATION_RULES
from ib_grid.runs import row_blocks
from ib_grid.runs.row_blocks import Block, File
from pipelines.cluster.executors import SERIAL_EXECUTOR, Executor
from pipelines.render import numbers
from pipelines.report.measures.sums import Sums, sums


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Scope of a ranking: whole combinations, or a variation's own results.

    `variation` is None for whole combinations; `by_rule` keeps only those where the variation
    counts by its rule.
    """

    variation: str | None = None
    by_rule: bool = False
    n_best: int

    @property
    def prefix(self) -> str:
        """Return the prefix of the metric columns."""
        return f"{self.variation.lower()}_" if self.variation else ""

    @property
    def rule_columns(self) -> tuple[str, ...]:
        """Return the parameter columns that the rule reads."""
        return VARIATION_RULES[self.variation].columns if self.by_rule and self.variation else ()

    def counts(self, columns: Columns) -> NDArray[np.bool_] | np.bool_:
        """Return a mask of the rows within the scope, shape (n_rows,), or True for all."""
        if self.by_rule and self.variation:
            return VARIATION_RULES[self.variation].counts(columns)
        return np.True_


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ranking:
    """Top combinations of a scope, with its totals and extrema.

    Attributes
    ----------
    weights : mapping of str to float
        Score columns of the scope.
    extrema : Extrema
        Over the eligible rows, whose number is `extrema.n_rows`.
    sums : Sums
        Over all rows of the scope.
    best : frame
        ``rank``, ``score`` and the result columns that are kept, best first; numbers as
        `pipelines.render.numbers` publishes them.
    """

    scope: Scope
    weights: dict[str, float]
    extrema: Extrema
    sums: Sums
    best: pd.DataFrame


def rank(
    files: Sequence[File],
    scopes: Sequence[Scope],
    settings: RankingSettings,
    executor: Executor = SERIAL_EXECUTOR,
    *,
    metrics: Sequence[str] = METRIC_COLUMNS,
    checked: Sequence[str] = (),
    extrema: Extrema | None = None,
) -> tuple[Ranking, ...]:
    """Return the ranking of each scope.

    Parameters
    ----------
    files : sequence of File
        Partition files; no combination is in two of them.
    metrics : sequence of str
        The metric columns that the files hold.
    checked : sequence of str
        Metric columns that must not contradict each other in any row.
    extrema : Extrema, optional
        Of all eligible combinations, where the files hold only the best of them: the scores of
        whole combinations are normalised by these.

    Returns
    -------
    tuple of Ranking
        One per scope; empty where no row is eligible.
    """
    contests = [_contest(scope, settings) for scope in scopes]
    names = list(dict.fromkeys(name for contest in contests for name in contest.columns_needed))
    survey = partial(_survey, names=names, contests=contests, checked=checked)
    surveys = executor.map(survey, files)
    totals, found = (_merged(parts) for parts in zip(*surveys, strict=True))
    if extrema is not None:
        found = [f if c.scope.variation else extrema for c, f in zip(contests, found, strict=True)]
    choose = partial(_choose, names=names, contests=contests, extrema=found)
    best = _merged(executor.map(choose, files))
    frames = _whole_rows(files, best, metrics, executor)
    return tuple(
        Ranking(scope=c.scope, weights=c.weights, extrema=e, sums=t, best=f)
        for c, e, t, f in zip(contests, found, totals, frames, strict=True)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Contest:
    """A scope with the settings of its ranking."""

    scope: Scope
    weights: dict[str, float]
    min_trades: int

    @property
    def columns_needed(self) -> tuple[str, ...]:
        prefix = self.scope.prefix
        own = (f"{prefix}total_trades", f"{prefix}total_r")
        return ("combo_id", *own, *self.weights, *self.scope.rule_columns)

    def eligible(self, columns: Columns) -> NDArray[np.bool_]:
        """Return a mask of the ranked rows, shape (n_rows,)."""
        enough = scoring.eligible(columns, self.min_trades, self.scope.prefix)
        return np.asarray(enough & self.scope.counts(columns))


def _contest(scope: Scope, settings: RankingSettings) -> _Contest:
    weights = settings.weights_of(scope.prefix)
    return _Contest(scope=scope, weights=weights, min_trades=settings.min_trades)


def _survey(
    files: Sequence[File],
    names: Sequence[str],
    contests: Sequence[_Contest],
    checked: Sequence[str],
) -> tuple[list[Sums], list[Extrema]]:
    """Return sums over each scope, and extrema over its eligible rows (first pass)."""
    totals = [Sums() for _ in contests]
    extrema = [scoring.no_extrema(len(contest.weights)) for contest in contests]
    for block in row_blocks.read_blocks(files, tuple(dict.fromkeys((*names, *checked)))):
        row_blocks.check_finite(block)
        if checked:
            row_blocks.check_consistent(block)
        for i, contest in enumerate(contests):
            prefix = contest.scope.prefix
            own = (f"{prefix}total_trades", f"{prefix}total_r")
            in_scope = scoring.take(block.columns, own, contest.scope.counts(block.columns))
            totals[i] = totals[i].merge(sums(in_scope, prefix))
            ranked = scoring.take(block.columns, contest.weights, contest.eligible(block.columns))
            extrema[i] = extrema[i].merge(scoring.column_extrema(ranked, contest.weights))
    return totals, extrema


def _choose(
    files: Sequence[File],
    names: Sequence[str],
    contests: Sequence[_Contest],
    extrema: Sequence[Extrema],
) -> list[TopRows]:
    """Return the best rows of each scope, with file index and row number (second pass)."""
    best = [TopRows(contest.scope.n_best, n_more=2) for contest in contests]
    for block in row_blocks.read_blocks(files, names):
        for rows, contest, of_scope in zip(best, contests, extrema, strict=True):
            _enter(block, contest, of_scope, rows)
    return best


Mergeable = TypeVar("Mergeable", Sums, Extrema, TopRows)


def _merged(parts: Iterable[Sequence[Mergeable]]) -> list[Mergeable]:
    """Return the merged results of a pass, one per scope."""
    return [reduce(lambda a, b: a.merge(b), of_scope) for of_scope in zip(*parts, strict=True)]


def _enter(block: Block, contest: _Contest, extrema: Extrema, best: TopRows) -> None:
    rows = contest.eligible(block.columns)
    ranked = scoring.take(block.columns, ("combo_id", *contest.weights), rows)
    row = np.flatnonzero(rows).astype(np.int64)
    best.add(
        scoring.composite_scores(ranked, contest.weights, extrema),
        ranked["combo_id"],
        np.full(len(row), block.file.index, np.int64),
        block.first_row + row,
    )


def _whole_rows(
    files: Sequence[File], best: Sequence[TopRows], metrics: Sequence[str], executor: Executor
) -> list[pd.DataFrame]:
    """Return a published frame for each ranking (third pass)."""
    of_scopes = [rows.columns() for rows in best]
    file_index, row = (np.concatenate([columns[i] for columns in of_scopes]) for i in (2, 3))
    rows_of = {int(i): np.unique(row[file_index == i]) for i in np.unique(file_index)}
    of_best = [file for file in files if file.index in rows_of]
    publish = partial(_published, rows_of=rows_of, metrics=metrics)
    rows = pd.concat(executor.map(publish, of_best)).set_index("combo_id", drop=False)
    _check_once(rows)
    return [_ranked(rows.loc[combo_id], score) for score, combo_id, *_ in of_scopes]


def _published(
    files: Sequence[File], rows_of: Mapping[int, NDArray[np.int64]], metrics: Sequence[str]
) -> pd.DataFrame:
    return numbers.published_rows(row_blocks.take_rows(files, rows_of, metrics).to_pandas())


def _check_once(rows: pd.DataFrame) -> None:
    twice = rows.index[rows.index.duplicated()]
    if len(twice):
        raise StoreError(
            f"combination {twice[0]} is in the results more than once",
            expected="each combination once",
            hint="run again with --no-resume",
        )


def _ranked(rows: pd.DataFrame, score: NDArray[np.float64]) -> pd.DataFrame:
    added = {
        "rank": np.arange(1, len(rows) + 1),
        "score": [numbers.significant(value) for value in score],
    }
    frame = pd.concat([pd.DataFrame(added, index=rows.index), rows], axis="columns")
    frame = frame.astype({"score": np.float64}).reset_index(drop=True)
    return frame.copy()  # in few blocks: pandas warns of a column added to a hundred
