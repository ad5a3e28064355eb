"""Combinatorially symmetric cross-validation and the probability of backtest overfitting.

The session dates are cut into an even number of blocks. In every split one half of the blocks
selects a combination and the other half shows what the selection is worth. After Bailey, Borwein,
López de Prado and Zhu, "The probability of backtest overfitting" (2017).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ib_grid.errors import ConfigError
from ib_grid.grid.scoring import RankingSettings
from ib_grid.robustness.whole_grid.rounds import whole_grid
from ib_grid.robustness.whole_grid.samples import PeriodSamples
from ib_grid.runs.source import HasSource, RunSource

DEFAULT_BLOCKS = 12
MOST_BLOCKS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Cscv:
    """Result of a cross-validation.

    Attributes
    ----------
    blocks, splits : int
    pbo : float
        Share of the splits whose selected combination ranks in the worse half out of sample.
    share_lost : float
        Share of the splits whose selected combination loses out of sample.
    median_rank : float
        Median relative rank of the selected combination out of sample, above 0 and below 1.
    """

    blocks: int
    splits: int
    pbo: float
    share_lost: float
    median_rank: float


def block_of_dates(n_dates: int, n_blocks: int) -> NDArray[np.int64]:
    """Return the block of each session date, shape (n_dates,).

    Date d lies in block ⌊d · n_blocks / n_dates⌋, so blocks differ by at most one date.

    Raises
    ------
    ConfigError
        If the number of blocks is odd, below 2, above 16 or above the number of dates.

    Examples
    --------
    >>> block_of_dates(6, 4)
    array([0, 0, 1, 2, 2, 3])
    """
    if n_blocks % 2 or not 2 <= n_blocks <= min(MOST_BLOCKS, n_dates):
        raise ConfigError(
            f"cannot cut {n_dates} session dates into {n_blocks} blocks",
            location="--blocks",
            expected=f"an even number from 2 to {min(MOST_BLOCKS, n_dates)}",
        )
    return np.arange(n_dates) * n_blocks // n_dates


def splits(n_blocks: int) -> NDArray[np.bool_]:
    """Return which blocks are in sample in each split, shape (n_splits, n_blocks).

    Examples
    --------
    >>> splits(4)[0]
    array([ True,  True, False, False])
    """
    halves = list(itertools.combinations(range(n_blocks), n_blocks // 2))
    in_sample = np.zeros((len(halves), n_blocks), np.bool_)
    in_sample[np.arange(len(halves))[:, None], np.array(halves)] = True
    return in_sample


def logits(
    n_less: NDArray[np.int64], n_equal: NDArray[np.int64], n_combinations: int
) -> NDArray[np.float64]:
    """Return the logit of the selected combination's relative rank, shape (n_splits,).

    Parameters
    ----------
    n_less, n_equal : int64 array, shape (n_splits,)
        Combinations that do worse and equally well out of sample; the selected one is among the
        equal ones.
    n_combinations : int
    """
    rank = (n_less + (n_equal + 1) / 2) / (n_combinations + 1)
    return np.log(rank / (1 - rank))


def summary(
    n_blocks: int,
    n_less: NDArray[np.int64],
    n_equal: NDArray[np.int64],
    n_combinations: int,
    out_of_sample: NDArray[np.float64],
) -> Cscv:
    """Return the result from the ranks of the selected combinations.

    Parameters
    ----------
    n_blocks : int
    n_less, n_equal : int64 array, shape (n_splits,)
        See `logits`.
    n_combinations : int
    out_of_sample : float64 array, shape (n_splits,)
        The selected combination's total R or Sharpe ratio out of sample.
    """
    values = logits(n_less, n_equal, n_combinations)
    return Cscv(
        blocks=n_blocks,
        splits=len(values),
        pbo=float(np.mean(values <= 0)),
        share_lost=float(np.mean(out_of_sample < 0)),
        median_rank=float(np.median(1 / (1 + np.exp(-values)))),
    )


def cross_validation(
    of: RunSource | HasSource,
    *,
    blocks: int = DEFAULT_BLOCKS,
    ranking: RankingSettings | None = None,
) -> Cscv:
    """Cross-validate the ranking of a run: select in one half of the blocks, judge in the other.

    Parameters
    ----------
    of : RunSource or Run
    blocks : int
        Even; 12 blocks make 924 splits.
    ranking : RankingSettings, optional
        By default the ranking that runs use unless told otherwise.

    Returns
    -------
    Cscv
        Ranks are by total R out of sample, over all combinations.

    Raises
    ------
    ConfigError
        If the number of blocks is not even or not from 2 to 16, or the ranking weighs a metric
        that depends on the order of trades.
    DataError
        If a run's bars or calendars are missing or have changed.
    """
    grid = whole_grid(of, ranking)
    in_sample = splits(blocks)
    samples = PeriodSamples(
        dates=grid.dates,
        period=block_of_dates(len(grid.dates), blocks),
        in_sample=in_sample,
        out_of_sample=~in_sample,
    )
    _, best = grid.select(samples)
    found = grid.rank(samples, best)
    return summary(blocks, found.less, found.equal, len(grid.grid), best.out_of_sample_r)
