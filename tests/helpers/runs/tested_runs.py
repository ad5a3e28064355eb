"""Results of robustness tests as a small grid could have them."""

from __future__ import annotations

import dataclasses

import numpy as np

from ib_grid.grid.scoring import RankingSettings
from ib_grid.robustness.conclusion.hold_out import HoldOut
from ib_grid.robustness.results import Robustness, Selected, Years
from ib_grid.robustness.statistics.cscv import Cscv
from ib_grid.robustness.statistics.random_direction import RandomDirection, compare
from ib_grid.robustness.statistics.reality_check import RealityCheck
from ib_grid.robustness.statistics.track_record import TrackRecord
from ib_grid.robustness.statistics.walk_forward import (
    SELECTION_RULES,
    CoinBand,
    DailyR,
    FoldResult,
    SelectionRule,
    WalkForward,
)

DRAWS = 199
N_FOLDS = 6


def null(observed: float, p: float, seed: int = 1):
    """Return a comparison with about this p-value."""
    draws = np.random.default_rng(seed).normal(0, 10, DRAWS)
    return compare(observed, draws + observed - np.quantile(draws, 1 - p))


def walk_forward(out_of_sample_total_r: float = 6.0) -> WalkForward:
    """Return a walk-forward over six months after half a year."""
    folds = tuple(
        FoldResult(
            in_sample_first=f"2024-{k + 1:02}",
            in_sample_last=f"2024-{k + 6:02}",
            out_of_sample_first=f"2024-{k + 7:02}",
            out_of_sample_last=f"2024-{k + 7:02}",
            combo_id=k % 2,
            in_sample_total_r=9.5,
            out_of_sample_total_r=out_of_sample_total_r / N_FOLDS,
            percentile=0.5,
        )
        for k in range(N_FOLDS)
    )
    end = np.arange(1, N_FOLDS + 1)
    low, median, high = (tuple((factor * end).tolist()) for factor in (-3.0, -0.5, 2.0))
    return WalkForward(
        scheme="rolling",
        in_sample_months=6,
        out_of_sample_months=1,
        folds=folds,
        out_of_sample_total_r=out_of_sample_total_r,
        t=1.4,
        efficiency=0.3,
        distinct=2,
        p=0.25,
        daily=DailyR(
            dates=tuple(f"2024-{k + 7:02}-15" for k in range(N_FOLDS)),
            r=tuple(fold.out_of_sample_total_r for fold in folds),
        ),
        coin_band=CoinBand(draws=DRAWS, seed=0, low=low, median=median, high=high),
    )


def rules() -> tuple[SelectionRule, ...]:
    """Return all selection rules, each better than the one before."""
    return tuple(
        SelectionRule(
            name=name,
            out_of_sample_total_r=6.0 + k,
            t=1.0 + k / 10,
            difference_total_r=float(k),
            difference_t=k / 10,
            total_r_of_folds=(1.0 + k / N_FOLDS,) * N_FOLDS,
        )
        for k, name in enumerate(SELECTION_RULES)
    )


def robustness(
    selected: Selected | None = None, *, p: float = 0.3, **changes: object
) -> Robustness:
    """Return results in which a coin does as well in a share `p` of the draws."""
    selected = selected or Selected(combo_id=7, total_r=63.1, sharpe_ratio=1.18)
    share = null(0.137, 0.4)
    ranking = RankingSettings()
    found = Robustness(
        weights=dict(ranking.weights),
        min_trades=ranking.min_trades,
        combinations=512,
        dates=("2024-01-02", "2024-12-30"),
        n_dates=250,
        selected=selected,
        track_record=TrackRecord(sharpe_per_date=0.07, probability=0.97, minimum_dates=540.0),
        random_direction=RandomDirection(
            draws=DRAWS,
            seed=0,
            selected_total_r=null(selected.total_r, p),
            selected_sharpe_ratio=null(selected.sharpe_ratio, 0.33),
            best_total_r=null(80.0, 0.15),
            best_sharpe_ratio=null(2.0, 0.27),
            share_profitable=dataclasses.replace(share, null_median=0.1),
        ),
        walk_forward=walk_forward(),
        cscv=Cscv(
            blocks=12,
            splits=924,
            share_lost=0.65,
            pbo=0.3,
            null_pbo=0.15,
            null_draws=20,
            median_rank=0.6,
            in_sample_total_r=tuple(np.linspace(10, 50, 924).tolist()),
            out_of_sample_total_r=tuple(np.linspace(-30, 20, 924).tolist()),
        ),
        spa=RealityCheck(
            mean_block=5.0,
            resamples=199,
            statistic=1.5,
            reality_check=0.63,
            lower=0.9,
            consistent=0.96,
            upper=0.97,
        ),
        years=Years(years=(2023, 2024), rank_correlation=((1.0, 0.25), (0.25, None))),
        selection_rules=rules(),
    )
    return dataclasses.replace(found, **changes)


def hold_out(total_r: float, trades: int = 45) -> HoldOut:
    """Return an opened hold-out."""
    return HoldOut(
        opened_utc="2025-05-01T08:00:00+00:00",
        combo_id=7,
        first="2024-11-01",
        last="2024-12-30",
        session_dates=40,
        total_trades=trades,
        total_r=total_r,
        avg_trade_r=0.1,
        winrate=40.0,
        max_drawdown=3.0,
        sharpe_ratio=1.0,
    )
