"""Picks of other selection rules against plain loops."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pytest
from hypothesis import given, settings

from ib_grid.grid.grid import Grid
from ib_grid.grid.named_grids import grid_from_mapping
from ib_grid.grid.scoring import RankingSettings
from ib_grid.market.instruments import GER40
from ib_grid.robustness.measures.rules import RulePicks, best_values, plateaus, rule_picks
from ib_grid.robustness.whole_grid.samples import Samples
from ib_grid.robustness.whole_grid.selection import Extremes, ranking_of
from ib_grid.robustness.whole_grid.streams import Streams
from tests.helpers.runs.slow_robustness import metrics
from tests.helpers.runs.synthetic_chunks import dates_of, dense, synthetic_chunks

RANKING = RankingSettings(min_trades=2)


def samples_of(dates: np.ndarray) -> Samples:
    """Return three periods, of which two select and the third judges, and the other way round."""
    period = np.arange(len(dates)) * 3 // len(dates)
    inside = np.array([[True, True, False], [False, True, True]])
    return Samples(dates=dates, period=period, in_sample=inside, out_of_sample=~inside)


@settings(max_examples=25, deadline=None)
@given(synthetic_chunks())
def test_rules_pick_what_loops_pick(drawn: tuple[Grid, list[Streams]]) -> None:
    grid, chunks = drawn
    dates, ranking = dates_of(chunks), ranking_of(RANKING)
    samples = samples_of(dates)
    extremes = [samples.extremes(chunk, grid, ranking) for chunk in chunks]
    found = extremes[0]
    for other in extremes[1:]:
        found = Extremes.merge(found, other)
    parts = [rule_picks(chunk, grid, samples, ranking, found) for chunk in chunks]
    picks = reduce(RulePicks.merge, parts)
    r, traded, in_session = dense(chunks, dates)
    for k in range(len(samples)):
        periods = [np.flatnonzero(samples.period == p) for p in range(3)]
        inside = np.flatnonzero(samples.in_sample[k][samples.period])
        outside = np.flatnonzero(samples.out_of_sample[k][samples.period])
        rows = [
            metrics(r[inside[here], c], traded[inside[here], c])
            for c, here in enumerate(in_session[inside].T)
        ]
        eligible = [row["total_trades"] >= RANKING.min_trades for row in rows]
        halves = [p for p in range(3) if samples.in_sample[k, p]]
        values = {
            "total_r": [row["total_r"] for row in rows],
            "sharpe_ratio": [row["sharpe_ratio"] for row in rows],
            "worst_block": [min(r[periods[p], c].sum() for p in halves) for c in range(len(rows))],
            "plateau": plateau([row["total_r"] for row in rows], grid.exits_per_setting),
        }
        for name, value in values.items():
            top, best = picks.top[name], [v for v, ok in zip(value, eligible, strict=True) if ok]
            assert (top.combo_id[0, k] >= 0) == bool(best)
            if best:
                picked = top.combo_id[0, k]
                assert value[picked] == pytest.approx(max(best), abs=1e-4)
                assert top.out_of_sample_r[0, k] == pytest.approx(
                    r[outside, picked].sum(), abs=1e-4
                )
        held = picks.top["top_100"].combo_id[:, k]
        assert sorted(held[held >= 0]) == [c for c, ok in enumerate(eligible) if ok][:100]
        total = np.round(np.reshape(values["total_r"], grid.shape), 4)
        means = [total.mean(axis=tuple(set(range(10)) - {axis})) for axis in range(10)]
        place = np.unravel_index(best_values(picks, grid)[k], grid.shape)
        for axis in range(10):
            assert means[axis][place[axis]] == pytest.approx(means[axis].max(), abs=1e-4)


def plateau(total_r: list[float], n_exits: int) -> list[float]:
    """Return the mean of each combination and the targets beside its own."""
    found = []
    for first in range(0, len(total_r), n_exits):
        some = total_r[first : first + n_exits]
        for k in range(n_exits):
            near = some[max(0, k - 1) : k + 2]
            found.append(sum(near) / len(near))
    return found


def test_plateaus_on_a_long_axis_are_few() -> None:
    """The memory must not grow with the square of the number of values."""
    values = [round(0.5 + 0.001 * k, 3) for k in range(10_000)]
    grid = grid_from_mapping({"rr_target": values, "tsl_target": [0.0]}, GER40)
    found = plateaus(grid)
    assert found[:3, 5_000].tolist() == [5_000, 4_999, 5_001]
    assert found.shape == (7, 10_000)
