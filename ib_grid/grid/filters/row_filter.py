"""Filters of the rows and columns that a run writes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ib_grid.errors import ConfigError
from ib_grid.grid import scoring
from ib_grid.grid.columns import METRIC_COLUMNS, METRIC_NAMES
from ib_grid.grid.filters.conditions import Condition, parse_condition
from ib_grid.grid.params import PARAM_NAMES
from ib_grid.grid.scoring import Columns, Extrema, RankingSettings
from ib_grid.grid.variations import PREFIXES

ColumnChoice = Literal["all", "ranking"]
COLUMN_CHOICES: tuple[ColumnChoice, ...] = get_args(ColumnChoice)

# What the reports say of a variation: with every metric of the whole it is all that they need.
VARIATION_METRICS = (
    "total_r",
    "total_trades",
    "avg_trade_r",
    "winrate",
    "max_drawdown",
    "sharpe_ratio",
)


@dataclass(frozen=True, kw_only=True)
class RowFilter:
    """Row and column filter of a run's results.

    Attributes
    ----------
    columns : {"all", "ranking"}
        ``ranking``: the parameters, every metric of the whole, and of each variation
        `VARIATION_METRICS` and what the ranking's weights name.
    condition : str, optional
        Only rows that fulfil it are kept, in the language of `ib_grid.grid.filters.conditions`.
    top : int, optional
        Number of these rows to keep, the best by the ranking.
    ranking : RankingSettings
        Decides what is kept by ``ranking`` and by `top`.
    """

    columns: ColumnChoice = "all"
    condition: str | None = None
    top: int | None = None
    ranking: RankingSettings = field(default_factory=RankingSettings)

    def __post_init__(self) -> None:
        if self.columns not in COLUMN_CHOICES:
            raise ConfigError(
                f"invalid columns {self.columns!r}", expected=f"one of {', '.join(COLUMN_CHOICES)}"
            )
        if self.top is not None and self.top < 1:
            raise ConfigError(f"invalid number of rows to keep {self.top}", expected="1 or more")
        if self.condition is not None:
            object.__setattr__(self, "condition", parse_condition(self.condition).text)

    @property
    def every_row(self) -> bool:
        """True if no row is left out."""
        return self.condition is None and self.top is None

    @cached_property
    def metrics(self) -> tuple[str, ...]:
        """Metric columns that are stored, in the order of `METRIC_COLUMNS`."""
        if self.columns == "all":
            return METRIC_COLUMNS
        kept = {*METRIC_NAMES, *self.ranking.weights}
        for prefix in PREFIXES:
            kept |= {prefix + name for name in VARIATION_METRICS}
            kept |= set(self.ranking.weights_of(prefix))
        return tuple(name for name in METRIC_COLUMNS if name in kept)

    @cached_property
    def _parsed(self) -> Condition | None:
        return None if self.condition is None else parse_condition(self.condition)

    def passing(self, table: pa.Table) -> pa.Table:
        """Return the rows of a results table that fulfil the condition."""
        return table if self._parsed is None else table.filter(self._parsed.expression)

    def apply(self, table: pa.Table) -> pa.Table:
        """Return the columns and rows of a results table that pass; `top` is not applied."""
        return self.passing(table).select(["combo_id", *PARAM_NAMES, *self.metrics])

    def to_dict(self) -> dict[str, object]:
        """Return the content for a manifest."""
        return dataclasses.asdict(self)

    @property
    def identity(self) -> dict[str, object]:
        """Settings that decide the rows and columns; empty if everything is stored."""
        if self.columns == "all" and self.every_row:
            return {}
        content = self.to_dict()
        if self.columns == "all" and self.top is None:
            del content["ranking"]
        return content

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> RowFilter:
        """Return the filter that `to_dict` gave; KeyError, TypeError or ConfigError if invalid."""
        return cls(**{**content, "ranking": RankingSettings(**content["ranking"])})

    def notes(self) -> list[str]:
        """Return a sentence for each restriction; empty if every row and column passes."""
        said = []
        if self.columns != "all":
            said.append(
                f"Only the columns of the ranking are kept: {len(self.metrics)} of"
                f" {len(METRIC_COLUMNS)} metrics."
            )
        if self.condition is not None:
            said.append(f"Stored only rows with {self.condition}.")
        if self.top is not None:
            of = " of these" if self.condition is not None else ""
            terms = " + ".join(f"{w:g} {name}" for name, w in self.ranking.weights.items())
            said.append(
                f"Stored only the best {self.top:,}{of}, by {terms} with at least"
                f" {self.ranking.min_trades} trades."
            )
        return said


NO_FILTER = RowFilter()


class Rank(NamedTuple):
    """Position in a ranking: by score, highest first, then by id, lowest first."""

    score: float
    combo_id: int


@dataclass(frozen=True, kw_only=True)
class TopKThreshold:
    """Top-k threshold of a run, found once the whole grid is computed.

    Attributes
    ----------
    last : Rank, optional
        Last rank that is stored; None if every eligible row is stored.
    extrema : Extrema
        Over all that were eligible, by which the scores are normalised; they would be others over
        the rows that are kept.
    rows : int
        Rows before the cut: computed, and fulfilling the condition.
    """

    last: Rank | None
    extrema: Extrema
    rows: int

    def to_dict(self) -> dict[str, object]:
        """Return the content for a manifest; extrema are None if no row was eligible."""
        none = [None] * len(self.extrema.low)
        return {
            "score": self.last and self.last.score,
            "combo_id": self.last and self.last.combo_id,
            "eligible": self.extrema.n_rows,
            "low": self.extrema.low.tolist() if self.extrema.n_rows else none,
            "high": self.extrema.high.tolist() if self.extrema.n_rows else none,
            "rows": self.rows,
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> TopKThreshold:
        """Return the threshold of `to_dict`; KeyError, TypeError or ValueError if invalid."""
        score = content["score"]
        eligible = int(content["eligible"])
        low, high = (np.array(content[name], np.float64) for name in ("low", "high"))
        return cls(
            last=None if score is None else Rank(float(score), int(content["combo_id"])),
            extrema=Extrema(low, high, eligible) if eligible else scoring.no_extrema(len(low)),
            rows=int(content["rows"]),
        )

    def passes(self, columns: Columns, ranking: RankingSettings) -> NDArray[np.bool_]:
        """Return a mask of the rows that rank at the threshold or above it, shape (n_rows,)."""
        eligible = scoring.eligible(columns, ranking.min_trades)
        if self.last is None or not eligible.any():
            return eligible
        some = scoring.take(columns, ("combo_id", *ranking.weights), eligible)
        scores = scoring.composite_scores(some, ranking.weights, self.extrema)
        tied = (scores == self.last.score) & (some["combo_id"] <= self.last.combo_id)
        passing = np.zeros(len(eligible), bool)
        passing[eligible] = (scores > self.last.score) | tied
        return passing
