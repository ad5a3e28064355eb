"""Walk-forward: select a combination on past months and trade it in the months that follow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ib_grid.errors import ConfigError
from ib_grid.robustness.results import Scheme

DEFAULT_IN_SAMPLE_MONTHS = 12
DEFAULT_OUT_OF_SAMPLE_MONTHS = 1


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
