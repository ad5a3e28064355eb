"""Rounds over the chunks of a grid: extrema, then the best, then ranks out of sample.

What a chunk gives in a round merges with what others give, in any order and to the same bits. The
caller decides where chunks are worked on, in this process or on workers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from functools import partial, reduce
from typing import Any, Protocol, Self, TypeVar

from ib_grid.engine.context import BacktestContext
from ib_grid.grid.chunks import ChunkPlan, plan_chunks
from ib_grid.grid.grid import Grid
from ib_grid.robustness.measures.resamples import maxima_of_chunk
from ib_grid.robustness.measures.rules import RulePicks, rule_picks
from ib_grid.robustness.measures.years import RankProducts, YearCounts, rank_products, year_counts
from ib_grid.robustness.plan import TestPlan
from ib_grid.robustness.statistics.reality_check import Maxima
from ib_grid.robustness.whole_grid.samples import Samples
from ib_grid.robustness.whole_grid.selection import Best, Extremes, Ranks
from ib_grid.robustness.whole_grid.streams import Streams, streams

ROUNDS = 3
_CHUNKS = 12
_MAX_ROWS = 250_000


class Mergeable(Protocol):
    """Result of some combinations."""

    def merge(self, other: Any) -> Any:
        """Return the result of the combinations of both."""


Result = TypeVar("Result", bound=Mergeable)
Work = Callable[[TestPlan, Streams], Result]
# Does some work for each chunk of the grid, in any order.
EachChunk = Callable[[Work[Any]], Iterable[Any]]


def chunks_for(grid: Grid, workers: int = 1) -> ChunkPlan:
    """Return the chunks of the tests: a few for each worker, as large as may be.

    Neighbouring settings share most of the work, so that small chunks cost more.
    """
    wanted = max(_CHUNKS, 2 * workers)
    return plan_chunks(grid, max(1, min(-(-len(grid) // wanted), _MAX_ROWS)))


def run_on_chunk(
    context: BacktestContext, chunks: ChunkPlan, plan: TestPlan, work: Work[Result], index: int
) -> Result:
    """Return what a chunk gives in a round."""
    return work(plan, streams(context, plan.grid, chunks.chunk(index)))


def in_this_process(context: BacktestContext, plan: TestPlan) -> EachChunk:
    """Return how to work on all chunks in this process, one after the other."""
    chunks = chunks_for(plan.grid)

    def each_chunk(work: Work[Any]) -> Iterable[Any]:
        return (run_on_chunk(context, chunks, plan, work, k) for k in range(len(chunks)))

    return each_chunk


def warm_up(context: BacktestContext, plan: TestPlan) -> None:
    """Compile the kernels of the tests, or load them from the cache.

    Workers that start afterwards find the compiled code on disk.
    """
    one_setting = ChunkPlan(grid=plan.grid, settings_per_chunk=1).chunk(0)
    some = streams(context, plan.grid, one_setting)
    run_rounds(lambda work: [work(plan, some)])


class _Round:
    """Result of a round over some combinations, which merges part by part."""

    def merge(self, other: Self) -> Self:
        """Return the result of the combinations of both."""
        parts = {f.name: (getattr(self, f.name), getattr(other, f.name)) for f in fields(self)}  # type: ignore[arg-type]
        return type(self)(**{name: _merged(*both) for name, both in parts.items()})


def _merged(one: Any, other: Any) -> Any:
    """Return a part of both results; None on both sides if it was not asked for."""
    if isinstance(one, dict):
        return {name: _merged(result, other[name]) for name, result in one.items()}
    return None if one is None else one.merge(other)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FirstRound(_Round):
    """Extrema of all selections, and what needs one round alone."""

    extremes: dict[str, Extremes]
    maxima: Maxima | None
    years: YearCounts | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SecondRound(_Round):
    """Selected combinations, and products of ranks of years."""

    best: dict[str, Best]
    rules: RulePicks | None
    years: RankProducts | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ThirdRound(_Round):
    """Ranks of selected combinations out of sample."""

    ranks: dict[str, Ranks]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AllRounds:
    """Results of the three rounds over the whole grid."""

    first: FirstRound
    second: SecondRound
    third: ThirdRound


def run_rounds(each_chunk: EachChunk) -> AllRounds:
    """Return the results of all rounds over the whole grid."""
    first = _over_all(each_chunk, _first)
    second = _over_all(each_chunk, partial(_second, first=first))
    third = _over_all(each_chunk, partial(_third, best=second.best))
    return AllRounds(first=first, second=second, third=third)


def _over_all(each_chunk: EachChunk, work: Work[Result]) -> Result:
    return reduce(lambda one, other: one.merge(other), each_chunk(work))


def _samples(plan: TestPlan) -> dict[str, Samples]:
    """Return the samples that are ranked, by name."""
    found: dict[str, Samples | None] = {"coin": plan.coin}
    if plan.folds is not None:
        found |= {"folds": plan.folds.samples, "folds_null": plan.folds.null}
    if plan.splits is not None:
        found |= {"splits": plan.splits.samples, "splits_null": plan.splits.null}
    return {name: samples for name, samples in found.items() if samples is not None}


def _first(plan: TestPlan, streams: Streams) -> FirstRound:
    maxima = None
    if plan.resamples is not None:
        dates = plan.dates, plan.resamples, plan.mean_block
        maxima = maxima_of_chunk(streams, plan.grid, *dates)
    return FirstRound(
        extremes={
            name: samples.extremes(streams, plan.grid, plan.ranking)
            for name, samples in _samples(plan).items()
        },
        maxima=maxima,
        years=year_counts(streams, plan.grid, plan.dates) if plan.years else None,
    )


def _second(plan: TestPlan, streams: Streams, *, first: FirstRound) -> SecondRound:
    rules = None
    if plan.folds is not None:
        extremes = first.extremes["folds"]
        rules = rule_picks(streams, plan.grid, plan.folds.samples, plan.ranking, extremes)
    return SecondRound(
        best={
            name: samples.best(streams, plan.grid, plan.ranking, first.extremes[name])
            for name, samples in _samples(plan).items()
        },
        rules=rules,
        years=rank_products(streams, plan.grid, plan.dates, first.years) if first.years else None,
    )


def _third(plan: TestPlan, streams: Streams, *, best: dict[str, Best]) -> ThirdRound:
    return ThirdRound(
        ranks={
            name: samples.ranks(streams, plan.grid, best[name])
            for name, samples in _samples(plan).items()
            if name not in ("coin", "folds_null")
        }
    )
