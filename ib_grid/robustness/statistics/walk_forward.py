"""Walk-forward: select a combination on past months and trade it in the months that follow."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ib_grid.errors import ConfigError

Scheme = Literal["rolling", "anchored"]
DEFAULT_IN_SAMPLE_MONTHS = 12
DEFAULT_OUT_OF_SAMPLE_MONTHS = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldResult:
    """Selection of one fold, and how it did afterwards.

    Attributes
    ----------
    in_sample_first, in_sample_last, out_of_sample_first, out_of_sample_last : str
        Months; both ends are included.
    combo_id : int
        -1 if no combination has enough trades in sample; such a fold trades nothing.
    in_sample_total_r, out_of_sample_total_r : float
    percentile : float
        Share of all combinations with less total R out of sample, equal ones counting half.
    """

    in_sample_first: str
    in_sample_last: str
    out_of_sample_first: str
    out_of_sample_last: str
    combo_id: int
    in_sample_total_r: float
    out_of_sample_total_r: float
    percentile: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyR:
    """R of the chained out-of-sample trades, one entry per session date of any session.

    Attributes
    ----------
    dates : tuple of str
    r : tuple of float
        0 on dates without a trade.
    """

    dates: tuple[str, ...]
    r: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CoinBand:
    """Chained out-of-sample total R under coin-flipped directions, after each fold.

    Attributes
    ----------
    draws, seed : int
    low, median, high : tuple of float, one per fold
        5th, 50th and 95th percentile over the draws of cumulative R.
    """

    draws: int
    seed: int
    low: tuple[float, ...]
    median: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkForward:
    """Selection on past months, traded in the months that follow.

    Attributes
    ----------
    scheme : {"rolling", "anchored"}
    in_sample_months, out_of_sample_months : int
    folds : tuple of FoldResult
    out_of_sample_total_r : float
        Total R of the selected combinations, each over the months after its selection.
    t : float
        Mean total R of the folds in units of its standard error; 0 where undefined.
    efficiency : float
        R per session date out of sample over that in sample; 0 where undefined.
    distinct : int
        Number of different combinations selected.
    p : float or None
        Share of coin-flipped walk-forwards with at least this total R, as in `NullComparison`;
        None without a coin. The coin of a date decides its trades in sample and out of sample,
        and every fold selects again. The value may differ much from the p of `RandomDirection`,
        where coins profit from a search on the same dates.
    daily : DailyR
    coin_band : CoinBand or None
    """

    scheme: Scheme
    in_sample_months: int
    out_of_sample_months: int
    folds: tuple[FoldResult, ...]
    out_of_sample_total_r: float
    t: float
    efficiency: float
    distinct: int
    p: float | None
    daily: DailyR
    coin_band: CoinBand | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionRule:
    """Walk-forward of another way to select, in the folds of `WalkForward`.

    Attributes
    ----------
    name : str
        Key of `SELECTION_RULES`; the first rule of a result is the run's ranking.
    out_of_sample_total_r, t : float
        As in `WalkForward`.
    difference_total_r, difference_t : float
        Of the paired differences to the run's ranking, fold by fold; 0 for the ranking itself.
    total_r_of_folds : tuple of float, one per fold
    """

    name: str
    out_of_sample_total_r: float
    t: float
    difference_total_r: float
    difference_t: float
    total_r_of_folds: tuple[float, ...]


SELECTION_RULES: Mapping[str, str] = {
    "ranking": "highest score, the run's ranking",
    "total_r": "highest total R",
    "sharpe_ratio": "highest Sharpe ratio",
    "plateau": "highest mean total R of the combination and neighbouring exits",
    "best_values": "best value of each parameter alone, by mean total R",
    "worst_block": "highest total R in the worst quarter of the months",
    "top_100": "the 100 highest scores together, at equal risk",
}


@dataclass(frozen=True, slots=True)
class Fold:
    """Months of one fold, as positions in the sequence of months; both ends are included.

    Attributes
    ----------
    in_sample_first, in_sample_last : int
    out_of_sample_first, out_of_sample_last : int
    """

    in_sample_first: int
    in_sample_last: int
    out_of_sample_first: int
    out_of_sample_last: int


def folds(
    n_months: int,
    in_sample_months: int = DEFAULT_IN_SAMPLE_MONTHS,
    out_of_sample_months: int = DEFAULT_OUT_OF_SAMPLE_MONTHS,
    scheme: Scheme = "rolling",
) -> tuple[Fold, ...]:
    """Return the folds of a sequence of months.

    The in-sample window moves on by the out-of-sample months ("rolling") or grows by them
    ("anchored"). Months at the end that do not fill an out-of-sample window are left out.

    Raises
    ------
    ConfigError
        If a window is shorter than a month, or the months are too few for one fold.

    Examples
    --------
    >>> [(fold.in_sample_last, fold.out_of_sample_first) for fold in folds(4, 2, 1)]
    [(1, 2), (2, 3)]
    """
    if in_sample_months < 1 or out_of_sample_months < 1:
        raise ConfigError(
            f"cannot walk forward with {in_sample_months} months in sample and"
            f" {out_of_sample_months} out of sample",
            expected="at least one month each",
        )
    if n_months < in_sample_months + out_of_sample_months:
        raise ConfigError(
            f"{n_months} months are too few for {in_sample_months} in sample and"
            f" {out_of_sample_months} out of sample",
            location="--in-sample-months, --out-of-sample-months",
            expected="at most the months of the bars",
        )
    found = []
    for start in range(in_sample_months, n_months - out_of_sample_months + 1, out_of_sample_months):
        first = 0 if scheme == "anchored" else start - in_sample_months
        found.append(Fold(first, start - 1, start, start + out_of_sample_months - 1))
    return tuple(found)


def months_of_windows(windows: Sequence[tuple[int, int]], n_months: int) -> NDArray[np.bool_]:
    """Return a mask of the months in each window, shape (n_windows, n_months)."""
    month = np.arange(n_months)
    return np.array([(month >= first) & (month <= last) for first, last in windows])


def t_over_folds(out_of_sample_r: NDArray[np.float64]) -> float:
    """Return the t statistic of the mean total R of the folds; 0 where it is undefined."""
    n = len(out_of_sample_r)
    deviation = float(np.std(out_of_sample_r, ddof=1)) if n > 1 else 0.0
    return float(np.mean(out_of_sample_r)) / deviation * math.sqrt(n) if deviation > 1e-12 else 0.0


def efficiency(
    in_sample_r: NDArray[np.float64],
    in_sample_dates: NDArray[np.int64],
    out_of_sample_r: NDArray[np.float64],
    out_of_sample_dates: NDArray[np.int64],
) -> float:
    """Return mean R per date out of sample over that in sample; 0 where it is undefined."""
    in_sample = float(in_sample_r.sum()) / max(int(in_sample_dates.sum()), 1)
    out_of_sample = float(out_of_sample_r.sum()) / max(int(out_of_sample_dates.sum()), 1)
    return out_of_sample / in_sample if in_sample else 0.0
