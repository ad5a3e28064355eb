"""Rankings of a run's combinations, exact and in bounded memory.

Three passes over the partition files: what is eligible and the extrema of the score columns, then
the scores and the best of them, then the whole rows of those. Every ranking is made in the same
passes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ib_grid import scoring
from ib_grid.errors import StoreError
from ib_grid.results import METRIC_COLUMNS
from ib_grid.scoring import Columns, Extrema, RankingSettings
from ib_grid.storage import Place
from ib_grid.variations import VARIATION_RULES, Sums, sums
from pipelines.report import numbers, partitions
from pipelines.report.partitions import Block


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What is ranked: whole combinations, or a variation's own results in them.

    Attributes
    ----------
    variation : str or None
        None for whole combinations.
    by_rule : bool
        Only where the variation counts by its rule.
    n_best : int
        Length of the ranking.
    """

    variation: str | None = None
    by_rule: bool = False
    n_best: int

    @property
    def prefix(self) -> str:
        """Prefix of its metric columns."""
        return f"{self.variation.lower()}_" if self.variation else ""

    @property
    def rule_columns(self) -> tuple[str, ...]:
        """Parameter columns that its rule looks at."""
        return VARIATION_RULES[self.variation].columns if self.by_rule and self.variation else ()

    def rows(self, columns: Columns) -> NDArray[np.bool_]:
        """Which rows are within the scope, shape (n_rows,)."""
        if self.by_rule and self.variation:
            return VARIATION_RULES[self.variation].counts(columns)
        return np.ones(len(columns["combo_id"]), bool)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ranking:
    """The best combinations of a scope, and what was found on the way.

    Attributes
    ----------
    scope : Scope
    weights : mapping of str to float
        Score columns of the scope.
    extrema : Extrema
        Over the eligible rows, whose number is `extrema.n_rows`.
    sums : Sums
        Over all rows of the scope.
    best : frame
        ``rank``, ``score`` and the result columns that are kept, best first; numbers as
        `pipelines.report.numbers` publishes them.
    """

    scope: Scope
    weights: dict[str, float]
    extrema: Extrema
    sums: Sums
    best: pd.DataFrame


class _Best(NamedTuple):
    """Best rows so far, best first: scores, ids and where the rows are; shape (n,) each."""

    score: NDArray[np.float64]
    combo_id: NDArray[np.int64]
    file_index: NDArray[np.int64]
    row: NDArray[np.int64]

    def take(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> _Best:
        return _Best(self.score[rows], self.combo_id[rows], self.file_index[rows], self.row[rows])

    def join(self, other: _Best) -> _Best:
        return _Best(
            np.concatenate([self.score, other.score]),
            np.concatenate([self.combo_id, other.combo_id]),
            np.concatenate([self.file_index, other.file_index]),
            np.concatenate([self.row, other.row]),
        )


_NONE_YET = _Best(np.zeros(0), *(np.zeros(0, np.int64) for _ in range(3)))


def rank(
    files: Sequence[Place],
    scopes: Sequence[Scope],
    settings: RankingSettings,
    *,
    metrics: Sequence[str] = METRIC_COLUMNS,
    extrema: Extrema | None = None,
) -> tuple[Ranking, ...]:
    """The rankings of these scopes.

    Parameters
    ----------
    files : sequence of Place
        Partition files; no combination is in two of them.
    scopes : sequence of Scope
    settings : RankingSettings
    metrics : sequence of str
        The metric columns that the files hold.
    extrema : Extrema, optional
        Of all eligible combinations, where the files hold only the best of them: the scores of
        whole combinations are normalised by these.

    Returns
    -------
    tuple of Ranking
        One per scope; empty where no row is eligible.

    Raises
    ------
    StoreError
        If a file cannot be read, or a value that is ranked is no finite number.
    """
    contests = [_contest(scope, settings) for scope in scopes]
    names = list(dict.fromkeys(name for contest in contests for name in contest.columns_needed))
    totals, found = _survey(files, names, contests)
    if extrema is not None:
        found = [f if c.scope.variation else extrema for c, f in zip(contests, found, strict=True)]
    best = [_NONE_YET for _ in scopes]
    for block in partitions.blocks(files, names):
        for i, contest in enumerate(contests):
            new = _scored(block, contest, found[i])
            best[i] = _merge(best[i], new, contest.scope.n_best)
    frames = _whole_rows(files, best, metrics)
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

    def eligible(self, columns: Columns) -> NDArray[np.intp]:
        """Rows that are ranked, ascending."""
        enough = columns[f"{self.scope.prefix}total_trades"] >= self.min_trades
        return np.flatnonzero(enough & self.scope.rows(columns))


def _contest(scope: Scope, settings: RankingSettings) -> _Contest:
    weights = settings.weights_of(scope.prefix)
    return _Contest(scope=scope, weights=weights, min_trades=settings.min_trades)


def _survey(
    files: Sequence[Place], names: list[str], contests: Sequence[_Contest]
) -> tuple[list[Sums], list[Extrema]]:
    """First pass: sums over each scope, and extrema over its eligible rows."""
    totals = [Sums() for _ in contests]
    extrema = [scoring.no_extrema(len(contest.weights)) for contest in contests]
    for block in partitions.blocks(files, names):
        _check(block, files)
        for i, contest in enumerate(contests):
            prefix = contest.scope.prefix
            own = (f"{prefix}total_trades", f"{prefix}total_r")
            totals[i] += sums(_take(block.columns, own, contest.scope.rows(block.columns)), prefix)
            ranked = _take(block.columns, contest.weights, contest.eligible(block.columns))
            extrema[i] = extrema[i].merge(scoring.column_extrema(ranked, contest.weights))
    return totals, extrema


def _check(block: Block, files: Sequence[Place]) -> None:
    numeric = [name for name, v in block.columns.items() if v.dtype.kind == "f"]
    try:
        scoring.check_finite(block.columns, tuple(numeric))
    except StoreError as error:
        place = str(files[block.file_index])
        raise error.retold(StoreError, where=place) from error


def _take(
    columns: Columns, names: Iterable[str], rows: NDArray[np.bool_] | NDArray[np.intp]
) -> Columns:
    return {name: columns[name][rows] for name in names}


def _scored(block: Block, contest: _Contest, extrema: Extrema) -> _Best:
    rows = contest.eligible(block.columns)
    ranked = _take(block.columns, ("combo_id", *contest.weights), rows)
    return _Best(
        scoring.composite_scores(ranked, contest.weights, extrema),
        ranked["combo_id"],
        np.full(len(rows), block.file_index, np.int64),
        block.first_row + rows.astype(np.int64),
    )


def _merge(best: _Best, new: _Best, n_best: int) -> _Best:
    if 0 < n_best <= len(best.score):
        # What is below the worst kept cannot come in; a tie with it is decided by the id.
        new = new.take(new.score >= best.score[-1])
    if not len(new.score):
        return best
    joined = best.join(new)
    return joined.take(scoring.best_first(joined.score, joined.combo_id, n_best))


def _whole_rows(
    files: Sequence[Place], best: Sequence[_Best], metrics: Sequence[str]
) -> list[pd.DataFrame]:
    """Third pass: a published frame for each ranking."""
    file_index = np.concatenate([b.file_index for b in best])
    row = np.concatenate([b.row for b in best])
    table = partitions.take_rows(files, file_index, row, metrics)
    rows = numbers.published_rows(table.to_pandas()).set_index("combo_id", drop=False)
    _check_once(rows)
    return [_ranked(rows.loc[b.combo_id], b.score) for b in best]


def _check_once(rows: pd.DataFrame) -> None:
    twice = rows.index[rows.index.duplicated()]
    if len(twice):
        raise StoreError(
            f"combination {twice[0]} is in the results more than once",
            expected="each combination once",
            remedy="run again with --no-resume",
        )


def _ranked(rows: pd.DataFrame, score: NDArray[np.float64]) -> pd.DataFrame:
    added = {
        "rank": np.arange(1, len(rows) + 1),
        "score": [numbers.significant(value) for value in score],
    }
    frame = pd.concat([pd.DataFrame(added, index=rows.index), rows], axis="columns")
    return frame.astype({"score": np.float64}).reset_index(drop=True)
