"""Selections over samples of dates against the product's own ranking of dense R."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ib_grid.errors import ConfigError
from ib_grid.grid.named_grids import named_grid
from ib_grid.grid.scoring import RankingSettings, column_extrema, composite_scores
from ib_grid.market.instruments import GER40
from ib_grid.robustness.random_direction import coin_signs
from ib_grid.robustness.whole_grid.samples import CoinSamples, PeriodSamples
from ib_grid.robustness.whole_grid.selection import (
    NO_COMBINATION,
    extremes,
    ranking_weights,
    ranks,
    selected,
)
from ib_grid.robustness.whole_grid.streams import Streams

GRID = named_grid("standard", GER40)
RANKING = RankingSettings(min_trades=8)
N_EXITS = len(GRID.rr_target) * len(GRID.trailing)
DATES = np.arange(19000, 19060)


def made_up(seed: int, first_setting: int, n_settings: int) -> Streams:
    """Streams in which a third of the dates trade; many combinations are the same."""
    random = np.random.default_rng(seed)
    outcome = random.integers(-1, 40, (n_settings, len(DATES))).astype(np.int32)
    outcome[random.random(outcome.shape) < 0.6] = -1
    r = np.round(random.normal(0, 1.5, (40, N_EXITS)), 3)
    r[:, 1::2] = r[:, ::2][:, : r[:, 1::2].shape[1]]
    return Streams(
        first_id=first_setting * N_EXITS,
        dates=DATES,
        outcome=outcome,
        r=r,
        opposite_r=np.round(-r - 0.1, 3),
    )


CHUNKS = (made_up(1, 0, 7), made_up(2, 7, 3))


def twin(r: np.ndarray) -> tuple[int, float, float, float]:
    """Return id, score, total R and Sharpe ratio of what the product's ranking selects."""
    n, trades = len(r), np.count_nonzero(r, axis=0)
    total, wins, losses = r.sum(axis=0), (r > 0).sum(axis=0), (r < 0).sum(axis=0)
    deviation = r.std(axis=0, ddof=1)
    with np.errstate(all="ignore"):
        sharpe = np.where(deviation < 1e-3, 0, total / n / deviation * math.sqrt(252))
        winrate = np.where(wins + losses, 100 * wins / (wins + losses), 0.0)
    columns = {"total_r": total, "sharpe_ratio": sharpe, "winrate": winrate}
    eligible = np.flatnonzero(trades >= RANKING.min_trades)
    rows = {name: values[eligible] for name, values in columns.items()}
    scores = composite_scores(rows, RANKING.weights, column_extrema(rows, RANKING.weights))
    best = int(np.flatnonzero(scores >= scores.max() - 1e-9)[0])
    row = eligible[best]
    return row, float(scores[best]), float(total[row]), float(sharpe[row])


def select(samples: CoinSamples | PeriodSamples):  # type: ignore[no-untyped-def]
    weights = ranking_weights(RANKING)
    least = RANKING.min_trades
    parts = [extremes(samples.of(s, GRID), len(samples), weights, least) for s in CHUNKS]
    together = parts[1].merge(parts[0])
    chosen = [selected(samples.of(s, GRID), together, weights, least) for s in CHUNKS]
    best = chosen[1].merge(chosen[0])
    counts = [ranks(samples.of(s, GRID), best) for s in CHUNKS]
    return together, best, counts[0].merge(counts[1])


def dense(*, opposite: bool = False) -> np.ndarray:
    return np.concatenate([chunk.dense(opposite=opposite) for chunk in CHUNKS], axis=1)


def test_every_draw_of_the_coin_is_ranked_again() -> None:
    signs = coin_signs(len(DATES), 70, seed=5)
    found, best, _ = select(CoinSamples(dates=DATES, signs=signs))
    r, opposite = dense(), dense(opposite=True)
    for draw in range(signs.shape[1]):
        flipped = np.where(signs[:, [draw]] > 0, r, opposite)
        combo_id, score, total, sharpe = twin(flipped)
        assert best.combo_id[draw] == combo_id
        assert best.score[draw] == pytest.approx(score, abs=1e-5)
        assert best.total_r[draw] == pytest.approx(total, abs=1e-4)
        assert best.sharpe_ratio[draw] == pytest.approx(sharpe, abs=1e-4)
        totals = flipped.sum(axis=0)
        assert found.best_total_r[draw] == pytest.approx(totals.max(), abs=1e-4)
        assert found.profitable[draw] == np.count_nonzero(totals > 1e-5)


def test_periods_select_in_sample_and_rank_out_of_sample() -> None:
    random = np.random.default_rng(3)
    inside = random.random((30, 6)) < 0.5
    inside[:, 0] = True
    period = np.arange(len(DATES)) // 10
    samples = PeriodSamples(dates=DATES, period=period, in_sample=inside, out_of_sample=~inside)
    _, best, counts = select(samples)
    r = dense()
    for k in range(len(inside)):
        if not (np.count_nonzero(r[inside[k][period]], axis=0) >= RANKING.min_trades).any():
            assert best.combo_id[k] == NO_COMBINATION
            continue
        combo_id, *_ = twin(r[inside[k][period]])
        assert best.combo_id[k] == combo_id
        outside = np.round(r[~inside[k][period]].sum(axis=0), 5)
        assert best.out_of_sample_r[k] == pytest.approx(outside[combo_id], abs=1e-4)
        assert counts.less[k] == np.count_nonzero(outside < outside[combo_id])
        assert counts.equal[k] == np.count_nonzero(outside == outside[combo_id])


def test_a_chunk_more_or_less_changes_no_bit() -> None:
    samples = CoinSamples(dates=DATES, signs=coin_signs(len(DATES), 5, seed=1))
    one = CHUNKS[0]
    halves = [
        Streams(
            first_id=one.first_id + first * N_EXITS,
            dates=one.dates,
            outcome=one.outcome[first:last],
            r=one.r,
            opposite_r=one.opposite_r,
        )
        for first, last in ((0, 3), (3, 7))
    ]
    weights, least = ranking_weights(RANKING), RANKING.min_trades
    whole = extremes(samples.of(one, GRID), 5, weights, least)
    parts = [extremes(samples.of(half, GRID), 5, weights, least) for half in halves]
    merged = parts[0].merge(parts[1])
    for name in type(whole).__dataclass_fields__:
        assert (getattr(whole, name) == getattr(merged, name)).all(), name


def test_metrics_that_depend_on_the_order_of_trades_are_refused() -> None:
    with pytest.raises(ConfigError, match="cannot rank by max_drawdown"):
        ranking_weights(RankingSettings(weights={"total_r": 1.5, "max_drawdown": -0.5}))
