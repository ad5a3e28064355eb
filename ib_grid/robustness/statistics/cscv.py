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

DEFAULT_BLOCKS = 12
MOST_BLOCKS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Cscv:
    """Combinatorially symmetric cross-validation: select in one half, judge in the other.

    Attributes
    ----------
    blocks, splits : int
    share_lost : float
        Share of the splits whose selected combination loses out of sample.
    pbo : float
        Share of the splits whose selected combination ranks in the worse half out of sample.
    null_pbo : float or None
        Mean `pbo` under coin-flipped directions, which is not one half; None without a coin.
        Single draws differ by about 0.2, so the mean of 24 is uncertain by 0.05.
    null_draws : int
    median_rank : float
        Median relative rank of the selected combination out of sample, above 0 and below 1.
    in_sample_total_r, out_of_sample_total_r : tuple of float, one per split
        Of the selected combination.
    """

    blocks: int
    splits: int
    share_lost: float
    pbo: float
    null_pbo: float | None
    null_draws: int
    median_rank: float
    in_sample_total_r: tuple[float, ...]
    out_of_sample_total_r: tuple[float, ...]


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
    n_less: NDArray[np.float64], n_equal: NDArray[np.float64], n_combinations: int
) -> NDArray[np.float64]:
    """Return the logit of the selected combination's relative rank, shape (n_splits,).

    Parameters
    ----------
    n_less, n_equal : float64 array, shape (n_splits,)
        Combinations that do worse and equally well out of sample; the selected one is among the
        equal ones.
    n_combinations : int

    Examples
    --------
    >>> logits(np.array([1.0]), np.array([1.0]), 3)
    array([0.])
    """
    rank = (n_less + (n_equal + 1) / 2) / (n_combinations + 1)
    return np.log(rank / (1 - rank))


def overfit_share(logits: NDArray[np.float64]) -> float:
    """Return the share of splits in the worse half: the probability of backtest overfitting."""
    return float(np.mean(logits <= 0))


def median_rank(logits: NDArray[np.float64]) -> float:
    """Return the median of the relative ranks that have these logits."""
    return float(np.median(1 / (1 + np.exp(-logits))))
