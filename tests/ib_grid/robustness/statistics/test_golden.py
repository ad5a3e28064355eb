"""The statistics of the robustness tests against golden results, on dense small inputs."""

from __future__ import annotations

import numpy as np
import pytest

from ib_grid.errors import ConfigError
from ib_grid.robustness import track_record
from ib_grid.robustness.statistics.cscv import (
    block_of_dates,
    logits,
    median_rank,
    overfit_share,
    splits,
)
from ib_grid.robustness.statistics.random_direction import coin_signs, compare
from ib_grid.robustness.statistics.reality_check import bootstrap_counts
from ib_grid.robustness.statistics.walk_forward import efficiency, folds, t_over_folds
from tests.helpers.golden.golden_robustness import golden, inputs, sharpe
from tests.helpers.runs.slow_robustness import long_run_deviation


@pytest.mark.parametrize(
    ("case", "source", "n_blocks", "by"),
    [
        ("pbo_8", "R", 8, "sharpe"),
        ("pbo_6", "R", 6, "sharpe"),
        ("pbo_8_total", "R", 8, "total"),
        ("pbo_8_edge", "R_edge", 8, "sharpe"),
    ],
)
def test_cross_validation(case: str, source: str, n_blocks: int, by: str) -> None:
    r, expected = inputs(source), golden()[case]
    block = block_of_dates(len(r), n_blocks)
    figure = sharpe if by == "sharpe" else lambda some: some.sum(axis=0)
    best, n_less, n_equal, out_of_sample = [], [], [], []
    for in_sample in splits(n_blocks):
        inside = in_sample[block]
        selected = int(np.argmax(figure(r[inside])))
        values = figure(r[~inside])
        best.append(selected)
        n_less.append(np.count_nonzero(values < values[selected]))
        n_equal.append(np.count_nonzero(values == values[selected]))
        out_of_sample.append(values[selected])
    found = logits(np.array(n_less), np.array(n_equal), r.shape[1])
    assert best == expected["best"]
    assert found == pytest.approx(expected["logits"])
    assert len(found) == expected["n_splits"]
    assert overfit_share(found) == pytest.approx(expected["pbo"])
    assert np.mean(np.array(out_of_sample) < 0) == pytest.approx(expected["p_loss"])
    assert median_rank(found) == pytest.approx(expected["median_rank"])


def test_the_slow_long_run_deviation() -> None:
    deviation = long_run_deviation(inputs("R"), golden()["inputs"]["mean_block"])
    assert deviation == pytest.approx(golden()["omega"])


@pytest.mark.parametrize("n_dates", [2, 96, 1000])
def test_bootstrap_draws_every_date_as_often_as_another(n_dates: int) -> None:
    counts = bootstrap_counts(n_dates, 400, 5.0, seed=1)
    assert (counts.sum(axis=0) == n_dates).all()
    assert counts.mean(axis=1) == pytest.approx(1.0, abs=0.5)
    again = bootstrap_counts(n_dates, 400, 5.0, seed=1)
    assert (counts == again).all()


def test_coin() -> None:
    r, opposite, signs = inputs("R"), inputs("opposite"), inputs("signs")
    expected = golden()["coin"]
    flipped = [(r + opposite) / 2 + sign[:, None] * (r - opposite) / 2 for sign in signs.T]
    total = np.array([draw.sum(axis=0).max() for draw in flipped])
    best_sharpe = np.array([sharpe(draw).max() for draw in flipped])
    share = np.array([np.mean(draw.sum(axis=0) > 0) for draw in flipped])
    assert total == pytest.approx(expected["top_total"])
    assert best_sharpe == pytest.approx(expected["top_sharpe"])
    assert compare(r.sum(axis=0).max(), total).p == pytest.approx(expected["p_total"])
    assert compare(sharpe(r).max(), best_sharpe).p == pytest.approx(expected["p_sharpe"])
    assert compare(np.mean(r.sum(axis=0) > 0), share).p == pytest.approx(expected["p_share"])


def test_signs_are_fair_and_recorded_by_their_seed() -> None:
    signs = coin_signs(500, 400, seed=3)
    assert set(np.unique(signs)) == {-1, 1}
    assert abs(signs.mean()) < 0.01
    assert (signs[:, :50] == coin_signs(500, 50, seed=3)).all()


@pytest.mark.parametrize(
    ("case", "in_sample", "out_of_sample", "scheme"),
    [("walk_forward_rolling", 6, 1, "rolling"), ("walk_forward_anchored", 6, 2, "anchored")],
)
def test_walk_forward(case: str, in_sample: int, out_of_sample: int, scheme: str) -> None:
    r, month, expected = inputs("R"), inputs("month"), golden()[case]
    found = folds(month.max() + 1, in_sample, out_of_sample, scheme)  # type: ignore[arg-type]
    assert len(found) == len(expected["folds"])
    totals, dates = [], []
    for fold, known in zip(found, expected["folds"], strict=True):
        inside = (month >= fold.in_sample_first) & (month <= fold.in_sample_last)
        outside = (month >= fold.out_of_sample_first) & (month <= fold.out_of_sample_last)
        selected = int(np.argmax(sharpe(r[inside])))
        assert selected == known["set"]
        values = r[outside].sum(axis=0)
        totals.append((r[inside, selected].sum(), values[selected]))
        dates.append((inside.sum(), outside.sum()))
        less, equal = np.sum(values < values[selected]), np.sum(values == values[selected])
        assert (less + equal / 2) / len(values) == pytest.approx(known["percentile"])
    in_r, out_r = np.array(totals).T
    in_dates, out_dates = np.array(dates).T
    assert out_r.sum() == pytest.approx(expected["oos_total"])
    assert t_over_folds(out_r) == pytest.approx(expected["t"])
    assert efficiency(in_r, in_dates, out_r, out_dates) == pytest.approx(expected["efficiency"])


@pytest.mark.parametrize(("case", "source"), [("dsr", "R"), ("dsr_edge", "R_edge")])
def test_track_record(case: str, source: str) -> None:
    expected = golden()[case]
    found = track_record(inputs(source)[:, expected["best"]])
    assert found.sharpe_per_date == pytest.approx(expected["sr"])
    assert found.probability == pytest.approx(expected["psr0"])
    assert found.minimum_dates == pytest.approx(expected["min_trl"])


@pytest.mark.parametrize("n_blocks", [0, 1, 7, 18, 98])
def test_block_counts_that_cannot_be_split(n_blocks: int) -> None:
    with pytest.raises(ConfigError, match="cannot cut 96 session dates"):
        block_of_dates(96, n_blocks)


@pytest.mark.parametrize(("in_sample", "out_of_sample"), [(0, 1), (1, 0), (12, 1)])
def test_windows_that_leave_no_fold(in_sample: int, out_of_sample: int) -> None:
    with pytest.raises(ConfigError):
        folds(12, in_sample, out_of_sample)
