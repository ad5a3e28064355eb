"""The coin on planted data: luck gives uniform p-values, an edge gives a small one."""

from __future__ import annotations

import numpy as np

from ib_grid.grid.scoring import RankingSettings
from ib_grid.robustness.plan import RobustnessSettings, TestPlan, plan_coin
from ib_grid.robustness.rounds import run_rounds
from ib_grid.robustness.statistics.random_direction import compare
from ib_grid.robustness.whole_grid.selection import ranking_of
from tests.helpers.runs.synthetic_chunks import FIRST_DATE, chunk_of, each_of, grid_of

N_EXITS, N_SETTINGS = 4, 3
GRID = grid_of(1, N_SETTINGS, N_EXITS)
DRAWS = 99


def p_values(r: np.ndarray, opposite: np.ndarray, seed: int) -> tuple[float, float]:
    """Return p of the selected combination's total R, and of the highest one."""
    dates = np.arange(FIRST_DATE, FIRST_DATE + len(r))
    plan = TestPlan(
        grid=GRID,
        ranking=ranking_of(RankingSettings(min_trades=5)),
        dates=dates,
        coin=plan_coin(dates, RobustnessSettings(draws=DRAWS, seed=seed)),
    )
    rounds = run_rounds(each_of(plan, [chunk_of(r, opposite, N_EXITS)]))
    selected, best = rounds.second.best["coin"].total_r, rounds.first.extremes["coin"].best_total_r
    return compare(selected[0], selected[1:]).p, compare(best[0], best[1:]).p


def without_edge(random: np.random.Generator, n_dates: int) -> tuple[np.ndarray, np.ndarray]:
    """Return R and its opposite of trades that share a market, cost a tenth, and skip dates."""
    move = random.normal(0, 1, (n_dates, 1))
    r = move + random.normal(0, 0.7, (n_dates, N_SETTINGS * N_EXITS))
    idle = np.repeat(random.random((n_dates, N_SETTINGS)) < 0.3, N_EXITS, axis=1)
    right = random.integers(0, 2, (n_dates, 1)) == 1
    r, opposite = np.where(right, r, -r) - 0.1, np.where(right, -r, r) - 0.1
    return np.where(idle, np.nan, r), np.where(idle, np.nan, opposite)


def test_p_is_uniform_without_an_edge() -> None:
    found = np.array(
        [p_values(*without_edge(np.random.default_rng(seed), 60), seed=seed) for seed in range(200)]
    )
    steps = np.arange(1, DRAWS + 2) / (DRAWS + 1)
    for p in found.T:
        share = np.array([np.mean(p <= step + 1e-9) for step in steps])
        # Kolmogorov-Smirnov at 1%: 1.63 / √n
        assert np.abs(share - steps).max() < 1.63 / np.sqrt(len(p))


def test_an_edge_on_a_tenth_of_the_dates_is_found() -> None:
    for seed in range(3):
        random = np.random.default_rng(seed)
        r, opposite = without_edge(random, 250)
        edge = random.choice(len(r), len(r) // 10, replace=False)
        r[edge], opposite[edge] = 5.0, -1.1
        assert max(p_values(r, opposite, seed=seed)) <= 0.01
