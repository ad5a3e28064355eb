"""Plan of the robustness tests: the samples of dates that every combination is ranked on."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ib_grid.errors import ConfigError
from ib_grid.grid.grid import Grid
from ib_grid.grid.scoring import RankingSettings
from ib_grid.market.market import Market
from ib_grid.robustness.statistics.cscv import DEFAULT_BLOCKS, block_of_dates, splits
from ib_grid.robustness.statistics.random_direction import DEFAULT_DRAWS, coin_signs
from ib_grid.robustness.statistics.reality_check import (
    DEFAULT_MEAN_BLOCK,
    DEFAULT_RESAMPLES,
    bootstrap_counts,
)
from ib_grid.robustness.statistics.walk_forward import (
    DEFAULT_IN_SAMPLE_MONTHS,
    DEFAULT_OUT_OF_SAMPLE_MONTHS,
    Fold,
    Scheme,
    folds,
    months_of_windows,
)
from ib_grid.robustness.whole_grid.samples import Samples, whole_period
from ib_grid.robustness.whole_grid.selection import Ranking, ranking_of

# Walk-forward and cross-validation are repeated with fewer draws of the coin, and the latter with
# some of its splits: each draw costs as much as twenty of the whole period.
NULL_DRAWS = 24
NULL_SPLITS = 8
_FEWEST_DATES = 3  # of a reality check


@dataclass(frozen=True, slots=True, kw_only=True)
class RobustnessSettings:
    """Settings of the robustness tests.

    Attributes
    ----------
    draws : int
        Draws of the coin for the whole period; the smallest possible p is 1 / (1 + draws).
    seed : int
        Of the coin and the bootstrap.
    in_sample_months : int, optional
        By default 12, or half of the months if there are fewer than 24.
    out_of_sample_months : int
    scheme : {"rolling", "anchored"}
        Windows in sample of one length, or all from the first month.
    blocks : int, optional
        Of the cross-validation, an even number; by default 12, or fewer with fewer session dates.
    resamples : int
        Of the reality check.
    null_draws : int
        Draws of the coin for walk-forward and cross-validation.
    """

    draws: int = DEFAULT_DRAWS
    seed: int = 0
    in_sample_months: int | None = None
    out_of_sample_months: int = DEFAULT_OUT_OF_SAMPLE_MONTHS
    scheme: Scheme = "rolling"
    blocks: int | None = None
    resamples: int = DEFAULT_RESAMPLES
    null_draws: int = NULL_DRAWS

    def __post_init__(self) -> None:
        for name in ("draws", "resamples"):
            if getattr(self, name) < 1:
                raise ConfigError(
                    f"invalid number of {name} {getattr(self, name)}", expected="1 or more"
                )
        if self.seed < 0:
            raise ConfigError(f"invalid seed {self.seed}", expected="0 or more")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Folds:
    """Folds of a walk-forward.

    Attributes
    ----------
    months : tuple of str
    folds : tuple of Fold
    samples : Samples
        A selection per fold; periods are months.
    null : Samples or None
    """

    months: tuple[str, ...]
    folds: tuple[Fold, ...]
    samples: Samples
    null: Samples | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Splits:
    """Splits of a cross-validation; None without a coin."""

    samples: Samples
    null: Samples | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TestPlan:
    """What is asked of every combination; a part that is None is not asked.

    Attributes
    ----------
    grid : Grid
    ranking : Ranking
    dates : int64 array, shape (n_dates,)
        Session dates of any session, days since 1970-01-01.
    coin : Samples or None
        The first draw keeps every direction: the run itself.
    folds : Folds or None
    splits : Splits or None
    resamples : int16 array, shape (n_dates, n_resamples), or None
        How often each date is drawn.
    mean_block : float
        Mean length of the blocks that were drawn, in session dates.
    years : bool
    """

    __test__ = False

    grid: Grid
    ranking: Ranking
    dates: NDArray[np.int64]
    coin: Samples | None = None
    folds: Folds | None = None
    splits: Splits | None = None
    resamples: NDArray[np.int16] | None = None
    mean_block: float = DEFAULT_MEAN_BLOCK
    years: bool = False


def plan_tests(
    grid: Grid, market: Market, ranking: RankingSettings, settings: RobustnessSettings
) -> TestPlan:
    """Return the plan of all tests that the dates allow.

    Raises
    ------
    ConfigError
        If the ranking weighs a metric that depends on the order of trades, or the months or the
        blocks that were asked for do not fit the dates.
    """
    dates = np.unique(np.concatenate([levels.date for levels in market.levels.values()]))
    return plan_tests_on(dates, grid, ranking, settings)


def plan_tests_on(
    dates: NDArray[np.int64], grid: Grid, ranking: RankingSettings, settings: RobustnessSettings
) -> TestPlan:
    """Return the plan of all tests that these session dates allow; see `plan_tests`."""
    resamples = None
    if len(dates) >= _FEWEST_DATES:
        drawn = settings.resamples, DEFAULT_MEAN_BLOCK, settings.seed
        resamples = bootstrap_counts(len(dates), *drawn)
    return TestPlan(
        grid=grid,
        ranking=ranking_of(ranking),
        dates=dates,
        coin=plan_coin(dates, settings),
        folds=plan_folds(dates, settings),
        splits=plan_splits(dates, settings),
        resamples=resamples,
        years=True,
    )


def plan_coin(dates: NDArray[np.int64], settings: RobustnessSettings) -> Samples:
    """Return the draws of the coin over all dates, after one that keeps every direction."""
    signs = coin_signs(len(dates), settings.draws, settings.seed)
    return whole_period(dates, np.hstack([np.ones((len(dates), 1), np.int8), signs]))


def plan_folds(dates: NDArray[np.int64], settings: RobustnessSettings) -> Folds | None:
    """Return the folds; None by default if the dates span less than two months."""
    months, month = np.unique(
        dates.astype("datetime64[D]").astype("datetime64[M]"), return_inverse=True
    )
    beyond = settings.out_of_sample_months
    inside = settings.in_sample_months
    if inside is None:
        inside = min(DEFAULT_IN_SAMPLE_MONTHS, len(months) // 2)
        if not inside or inside + beyond > len(months):
            return None
    found = folds(len(months), inside, beyond, settings.scheme)
    samples = Samples(
        dates=dates,
        period=month,
        in_sample=months_of_windows(
            [(fold.in_sample_first, fold.in_sample_last) for fold in found], len(months)
        ),
        out_of_sample=months_of_windows(
            [(fold.out_of_sample_first, fold.out_of_sample_last) for fold in found], len(months)
        ),
    )
    return Folds(
        months=tuple(map(str, months)),
        folds=found,
        samples=samples,
        null=_null(samples, settings),
    )


def plan_splits(dates: NDArray[np.int64], settings: RobustnessSettings) -> Splits | None:
    """Return the splits; None by default with fewer than two session dates."""
    n_blocks = settings.blocks
    if n_blocks is None:
        n_blocks = min(DEFAULT_BLOCKS, len(dates) // 2 * 2)
        if not n_blocks:
            return None
    block, inside = block_of_dates(len(dates), n_blocks), splits(n_blocks)
    samples = Samples(dates=dates, period=block, in_sample=inside, out_of_sample=~inside)
    random = np.random.default_rng(settings.seed)
    n_null = min(NULL_SPLITS, len(inside))
    some = inside[np.sort(random.choice(len(inside), n_null, replace=False))]
    of_null = Samples(dates=dates, period=block, in_sample=some, out_of_sample=~some)
    return Splits(samples=samples, null=_null(of_null, settings))


def _null(samples: Samples, settings: RobustnessSettings) -> Samples | None:
    if not settings.null_draws:
        return None
    signs = coin_signs(len(samples.dates), settings.null_draws, settings.seed)
    return dataclasses.replace(samples, signs=signs)
