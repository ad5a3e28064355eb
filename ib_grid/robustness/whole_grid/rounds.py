"""Rounds of a selection over all combinations of a run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from ib_grid.grid.chunks import plan_chunks
from ib_grid.grid.grid import Grid
from ib_grid.grid.scoring import RankingSettings
from ib_grid.robustness.whole_grid.samples import CoinSamples, PeriodSamples
from ib_grid.robustness.whole_grid.selection import (
    Extremes,
    Ranks,
    Selected,
    extremes,
    ranking_weights,
    ranks,
    selected,
)
from ib_grid.robustness.whole_grid.streams import Streams, streams
from ib_grid.runs.source import HasSource, RunSource, source_of

_ROWS_PER_CHUNK = 100_000
Samples = CoinSamples | PeriodSamples


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WholeGrid:
    """Streams of all combinations of a grid, and how they are ranked.

    Attributes
    ----------
    grid : Grid
    chunks : tuple of Streams
    dates : int64 array, shape (n_dates,)
        Session dates of any session, days since 1970-01-01.
    ranking : RankingSettings
    """

    grid: Grid
    chunks: tuple[Streams, ...]
    dates: NDArray[np.int64]
    ranking: RankingSettings

    def select(self, samples: Samples) -> tuple[Extremes, Selected]:
        """Return the extrema and the selected combination of each selection."""
        weights, least = ranking_weights(self.ranking), self.ranking.min_trades
        found = reduce(
            Extremes.merge,
            (extremes(samples.of(s, self.grid), len(samples), weights, least) for s in self.chunks),
        )
        best = (selected(samples.of(s, self.grid), found, weights, least) for s in self.chunks)
        return found, reduce(Selected.merge, best)

    def rank(self, samples: Samples, best: Selected) -> Ranks:
        """Return the rank of each selected combination out of sample."""
        return reduce(Ranks.merge, (ranks(samples.of(s, self.grid), best) for s in self.chunks))


def whole_grid(of: RunSource | HasSource, ranking: RankingSettings | None) -> WholeGrid:
    """Return the streams of all combinations that a run was computed from."""
    source = source_of(of)
    plan = plan_chunks(source.grid, _ROWS_PER_CHUNK)
    chunks = [streams(source.context, source.grid, plan.chunk(k)) for k in range(len(plan))]
    return WholeGrid(
        grid=source.grid,
        chunks=tuple(chunks),
        dates=np.unique(np.concatenate([chunk.dates for chunk in chunks])),
        ranking=ranking or RankingSettings(),
    )
