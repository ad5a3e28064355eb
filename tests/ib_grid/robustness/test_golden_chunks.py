"""Rounds over the golden inputs as chunks, against the golden results."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ib_grid.grid.scoring import RankingSettings
from ib_grid.robustness.plan import Folds, RobustnessSettings, TestPlan, plan_splits
from ib_grid.robustness.rounds import run_rounds
from ib_grid.robustness.statistics.cscv import logits
from ib_grid.robustness.statistics.reality_check import p_values
from ib_grid.robustness.statistics.walk_forward import Scheme, folds, months_of_windows
from ib_grid.robustness.whole_grid.samples import Samples, whole_period
from ib_grid.robustness.whole_grid.selection import ranking_of
from ib_grid.robustness.whole_grid.streams import Streams
from tests.helpers.golden.golden_robustness import golden, inputs
from tests.helpers.runs.synthetic_chunks import FIRST_DATE, chunk_of, each_of, grid_of

# The 40 golden combinations as 8 settings of 5 exits.
GRID = grid_of(1, 8, 5)
ANNUAL = math.sqrt(252)


def chunks(source: str) -> list[Streams]:
    r, opposite = inputs(source), inputs("opposite")
    return [
        chunk_of(r[:, 10 * k : 10 * k + 10], opposite[:, 10 * k : 10 * k + 10], 5, first_id=10 * k)
        for k in range(4)
    ]


def plan(metric: str, **parts: object) -> TestPlan:
    ranking = ranking_of(RankingSettings(weights={metric: 1.0}, min_trades=0))
    dates = np.arange(FIRST_DATE, FIRST_DATE + len(inputs("R")))
    return TestPlan(grid=GRID, ranking=ranking, dates=dates, **parts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("case", "source", "n_blocks", "metric"),
    [
        ("pbo_8", "R", 8, "sharpe_ratio"),
        ("pbo_6", "R", 6, "sharpe_ratio"),
        ("pbo_8_total", "R", 8, "total_r"),
        ("pbo_8_edge", "R_edge", 8, "sharpe_ratio"),
    ],
)
def test_cross_validation(case: str, source: str, n_blocks: int, metric: str) -> None:
    expected = golden()[case]
    nothing = plan(metric)
    asked = RobustnessSettings(blocks=n_blocks, null_draws=0)
    splits = plan_splits(nothing.dates, asked)
    rounds = run_rounds(each_of(plan(metric, splits=splits), chunks(source)))
    assert rounds.second.best["splits"].combo_id.tolist() == expected["best"]
    if metric == "total_r":
        ranks = rounds.third.ranks["splits"]
        assert logits(ranks.less, ranks.equal, 40) == pytest.approx(expected["logits"])
        lost = rounds.second.best["splits"].out_of_sample_r < 0
        assert lost.mean() == pytest.approx(expected["p_loss"])


@pytest.mark.parametrize(("case", "source"), [("spa", "R"), ("spa_edge", "R_edge")])
def test_reality_check(case: str, source: str) -> None:
    expected, mean_block = golden()[case], golden()["inputs"]["mean_block"]
    asked = plan("total_r", resamples=inputs("counts"), mean_block=mean_block)
    maxima = run_rounds(each_of(asked, chunks(source))).first.maxima
    assert maxima is not None
    found = p_values(maxima, mean_block)
    assert found.statistic == pytest.approx(expected["statistic"])
    for name in ("reality_check", "lower", "consistent", "upper"):
        assert getattr(found, name) == pytest.approx(expected[name]), name


def test_coin() -> None:
    expected, nothing = golden()["coin"], plan("total_r")
    coin = whole_period(nothing.dates, inputs("signs").astype(np.int8))
    found = run_rounds(each_of(plan("total_r", coin=coin), chunks("R"))).first.extremes["coin"]
    assert found.best_total_r == pytest.approx(expected["top_total"], abs=1e-4)
    assert found.best_sharpe_ratio / ANNUAL == pytest.approx(expected["top_sharpe"], abs=1e-5)


@pytest.mark.parametrize(
    ("case", "in_sample", "out_of_sample", "scheme"),
    [("walk_forward_rolling", 6, 1, "rolling"), ("walk_forward_anchored", 6, 2, "anchored")],
)
def test_walk_forward(case: str, in_sample: int, out_of_sample: int, scheme: Scheme) -> None:
    month, expected, nothing = inputs("month"), golden()[case], plan("total_r")
    n_months = month.max() + 1
    found = folds(n_months, in_sample, out_of_sample, scheme)
    samples = Samples(
        dates=nothing.dates,
        period=month,
        in_sample=months_of_windows(
            [(f.in_sample_first, f.in_sample_last) for f in found], n_months
        ),
        out_of_sample=months_of_windows(
            [(f.out_of_sample_first, f.out_of_sample_last) for f in found], n_months
        ),
    )
    parts = Folds(months=(), folds=found, samples=samples, null=None)
    rounds = run_rounds(each_of(plan("sharpe_ratio", folds=parts), chunks("R")))
    best, ranks = rounds.second.best["folds"], rounds.third.ranks["folds"]
    percentile = (ranks.less + ranks.equal / 2) / 40
    for k, known in enumerate(expected["folds"]):
        assert best.combo_id[k] == known["set"]
        assert best.total_r[k] == pytest.approx(known["is_total"], abs=1e-4)
        assert best.out_of_sample_r[k] == pytest.approx(known["oos_total"], abs=1e-4)
        assert percentile[k] == pytest.approx(known["percentile"])
