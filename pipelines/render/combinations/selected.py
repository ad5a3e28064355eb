"""Combination of a run, selected by rank or id."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ib_grid import analysis
from ib_grid.analysis import RunSource, load_source
from ib_grid.analysis.selection.top import ranking_of, top
from ib_grid.errors import ConfigError, DataError, InputError
from ib_grid.errors.validation import shown
from ib_grid.grid.columns import METRIC_NAMES
from ib_grid.grid.params import Params
from ib_grid.grid.variations import PREFIXES, VARIATIONS
from ib_grid.runs.manifest import RUN_FILE
from ib_grid.runs.run import Run, load_run
from ib_grid.storage.atomic_files import is_file
from ib_grid.storage.paths import parse_path
from pipelines.render.numbers import Scalar, published_rows, row_values
from pipelines.render.provenance import provenance

if TYPE_CHECKING:
    from ib_grid.robustness.conclusion.verdict import Verdict

_COMBINATION = re.compile(r"(?P<run>.+?)(?::(?P<id>\d+)|@(?P<rank>\d+))?", re.DOTALL)
_INVALID = re.compile(r".+(?P<sign>[:@])(?P<text>[^/\\]*)", re.DOTALL)
# Float32 sums of another processor may differ in the last digits.
_SAME_R = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Selected:
    """Selected combination of a run.

    `row` has the columns that the run has kept, numbers as published; the rank is by the score of
    the run, None if selected by id.
    """

    run: Run
    combo_id: int
    row: dict[str, Scalar]
    rank: int | None

    @property
    def params(self) -> Params:
        """Parameters of the combination."""
        return self.run.grid.params(self.combo_id)

    @property
    def name(self) -> str:
        """Symbol and id, such as ``GER40 #1234``."""
        return f"{self.run.manifest.symbol} #{self.combo_id}"

    @property
    def provenance(self) -> str:
        """Provenance of the numbers in one line: fills, costs, bars, news filter."""
        return provenance(self.run.manifest)

    def metrics(self, prefix: str = "") -> dict[str, Scalar]:
        """Return the kept metrics, overall or with the prefix of a variation."""
        names = {name: prefix + name for name in METRIC_NAMES}
        return {name: self.row[column] for name, column in names.items() if column in self.row}

    def variations(self) -> pd.DataFrame:
        """Return a row per variation with kept metrics."""
        rows = [
            {"variation": name, **self.metrics(prefix)}
            for name, prefix in zip(VARIATIONS, PREFIXES, strict=True)
            if self.metrics(prefix)
        ]
        return pd.DataFrame(rows)

    def source(self, bars: Path | None = None) -> RunSource:
        """Return the data behind the run; `bars` is their path if they were moved."""
        return load_source(self.run.manifest, bars) if bars else self.run.source

    def verdict(self, source: RunSource | None) -> Verdict | None:
        """Return the verdict on the run; None if its robustness was not tested."""
        from ib_grid.robustness.conclusion.facts import verdict_of  # other commands need no engine

        return verdict_of(self.run, source)

    def trades(self, source: RunSource) -> pd.DataFrame:
        """Return the trades, after checking them against the result row."""
        found = analysis.trades(source, self.combo_id)
        expected = self.metrics()
        n, r = expected.get("total_trades"), expected.get("total_r")
        same_n = n is None or len(found) == n
        if same_n and (r is None or np.isclose(found["r"].sum(), float(r), _SAME_R, _SAME_R)):
            return found
        raise DataError(
            f"combination {self.combo_id} now gives {len(found)} trades,"
            f" {found['r'].sum():.2f} R, but the run has {n} trades, {r} R",
            location=str(self.run.path),
            expected="the trades of the run",
            hint="recompute the run with this version of ib-grid",
        )


def select(
    run: str, *, rank: int | None = None, combo_id: int | None = None, location: str = "--rank"
) -> Selected:
    """Select a combination of a run by rank or id, the best one by default.

    `location` is what holds the rank, for errors.
    """
    if rank is not None and combo_id is not None:
        raise ConfigError(
            "a rank and an id were both given", location="--rank, --id", expected="one of the two"
        )
    opened = load_run(run)
    if combo_id is None:
        rank = 1 if rank is None else rank
        combo_id = _ranked(opened, rank, location)
    return Selected(run=opened, combo_id=combo_id, row=_row(opened, combo_id), rank=rank)


def names_combination(text: str) -> bool:
    """Return True if a text such as ``RUN:ID`` or ``RUN@RANK`` names more than a run."""
    found = _COMBINATION.fullmatch(text)
    return found is not None and bool(found["rank"] or found["id"])


def select_by_text(text: str) -> Selected:
    """Select a combination by text: ``RUN``, ``RUN:ID`` or ``RUN@RANK``."""
    found = _COMBINATION.fullmatch(text)
    if found is None:
        raise ConfigError("missing run", expected="RUN, RUN:ID or RUN@RANK")
    rank, combo_id = (int(found[name]) if found[name] else None for name in ("rank", "id"))
    try:
        return select(found["run"], rank=rank, combo_id=combo_id, location=text)
    except InputError as error:
        wrong = _INVALID.fullmatch(found["run"])
        if wrong is None or is_file(parse_path(found["run"]) / RUN_FILE):
            raise
        kind = "combo_id" if wrong["sign"] == ":" else "rank"
        raise ConfigError(
            f"invalid {kind} {shown(wrong['text'])}, and no run has this name",
            location=text,
            expected="RUN:ID with a combo_id, such as results/run:1234, or RUN@RANK with a rank by"
            " score, such as results/run@2; RUN alone is rank 1",
        ) from error


def _row(run: Run, combo_id: int) -> dict[str, Scalar]:
    run.row(combo_id)  # raises with a message
    frame = published_rows(run.rows([combo_id]))
    return row_values(frame.iloc[[0]].to_dict("records")[0])


def _ranked(run: Run, rank: int, location: str) -> int:
    """Return the id of a rank."""
    if rank < 1:
        raise ConfigError(
            f"invalid rank {rank}", location=location, expected="1 (the best) or more"
        )
    found = top(run, n=rank)
    if len(found) < rank:
        least = ranking_of(run).min_trades
        raise ConfigError(
            f"there is no rank {rank}; only {len(found):,} combinations are ranked",
            location=str(run.path),
            expected=f"1 to {len(found):,}; ranked combinations have {least} trades or more",
        )
    return int(found["combo_id"].iloc[rank - 1])
