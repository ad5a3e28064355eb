"""Results of the robustness tests by way of JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest

from ib_grid.robustness.results import (
    CoinBand,
    Cscv,
    DailyR,
    FoldResult,
    RandomDirection,
    RealityCheck,
    Robustness,
    Selected,
    SelectionRule,
    TrackRecord,
    WalkForward,
    Years,
)
from ib_grid.robustness.statistics.random_direction import compare


def results(**changes: object) -> Robustness:
    null = compare(1.5, np.array([1.0, 2.0, 3.0]))
    fold = FoldResult(
        in_sample_first="2016-01",
        in_sample_last="2016-12",
        out_of_sample_first="2017-01",
        out_of_sample_last="2017-01",
        combo_id=7,
        in_sample_total_r=9.5,
        out_of_sample_total_r=-0.5,
        percentile=0.4,
    )
    content: dict[str, object] = {
        "weights": {"total_r": 1.0},
        "min_trades": 10,
        "combinations": 100,
        "dates": ("2016-01-04", "2017-01-31"),
        "n_dates": 270,
        "selected": Selected(combo_id=7, total_r=10.0, sharpe_ratio=1.0),
        "track_record": TrackRecord(sharpe_per_date=-0.1, probability=0.2, minimum_dates=None),
        "random_direction": RandomDirection(
            draws=3,
            seed=0,
            selected_total_r=null,
            selected_sharpe_ratio=null,
            best_total_r=null,
            best_sharpe_ratio=null,
            share_profitable=null,
        ),
        "walk_forward": WalkForward(
            scheme="rolling",
            in_sample_months=12,
            out_of_sample_months=1,
            folds=(fold,),
            out_of_sample_total_r=-0.5,
            t=0.0,
            efficiency=-0.1,
            distinct=1,
            p=0.5,
            daily=DailyR(dates=("2017-01-02",), r=(-0.5,)),
            coin_band=CoinBand(draws=3, seed=0, low=(-2.0,), median=(0.0,), high=(2.0,)),
        ),
        "cscv": Cscv(
            blocks=2,
            splits=2,
            share_lost=0.5,
            pbo=0.5,
            null_pbo=None,
            null_draws=0,
            median_rank=0.5,
            in_sample_total_r=(1.0, 2.0),
            out_of_sample_total_r=(-1.0, 1.0),
        ),
        "spa": RealityCheck(
            mean_block=5.0,
            resamples=100,
            statistic=1.0,
            reality_check=0.5,
            lower=0.3,
            consistent=0.4,
            upper=0.5,
        ),
        "years": Years(years=(2016, 2017), rank_correlation=((1.0, None), (None, None))),
        "selection_rules": (
            SelectionRule(
                name="ranking",
                out_of_sample_total_r=-0.5,
                t=0.0,
                difference_total_r=0.0,
                difference_t=0.0,
                total_r_of_folds=(-0.5,),
            ),
        ),
    }
    return Robustness(**{**content, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "without", [{}, {"selected": None, "track_record": None, "walk_forward": None, "spa": None}]
)
def test_json_keeps_every_result(without: dict[str, object]) -> None:
    found = results(**without)
    text = json.dumps(found.to_dict(), allow_nan=False)
    assert Robustness.from_dict(json.loads(text)) == found


def test_a_missing_result_is_an_error() -> None:
    content = results().to_dict()
    del content["cscv"]["pbo"]
    with pytest.raises(KeyError):
        Robustness.from_dict(content)
