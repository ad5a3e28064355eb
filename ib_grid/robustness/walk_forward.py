"""Walk-forward: select a combination on past months and trade it in the months that follow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ib_grid.errors import ConfigError
from ib_grid.grid.scoring import RankingSettings
from ib_grid.robustness.whole_grid.rounds import whole_grid
from ib_grid.robustness.whole_grid.samples import PeriodSamples
from ib_grid.runs.source import HasSource, RunSource

Scheme = Literal["rolling", "anchored"]
DEFAULT_IN_SAMPLE_MONTHS = 12
DEFAULT_OUT_OF_SAMPLE_MONTHS = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkForward:
    """Result of a walk-forward.

    Attributes
    ----------
    scheme : {"rolling", "anchored"}
    in_sample_months, out_of_sample_months : int
    folds : tuple of FoldResult
    out_of_sample_total_r : float
        Total R of the selected combinations, each over the months after its selection.
    t : float
        Mean total R of the folds in units of its standard error; 0 with a single fold.
    efficiency : float
        R per session date out of sample over that in sample.
    """

    scheme: Scheme
    in_sample_months: int
    out_of_sample_months: int
    folds: tuple[FoldResult, ...]
    out_of_sample_total_r: float
    t: float
    efficiency: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldResult:
    """Selection of one fold, and how it did afterwards.

    Attributes
    ----------
    in_sample_first, in_sample_last, out_of_sample_first, out_of_sample_last : str
        Months, ``YYYY-MM``; both ends are included.
    combo_id : int
        -1 if no combination has enough trades in sample.
    in_sample_total_r, out_of_sample_total_r : float
    percentile : float
        Share of all combinations that do worse out of sample, ties counted half.
    """

    in_sample_first: str
    in_sample_last: str
    out_of_sample_first: str
    out_of_sample_last: str
    combo_id: int
    in_sample_total_r: float
    out_of_sample_total_r: float
    percentile: float


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


def walk_forward(
    of: RunSource | HasSource,
    *,
    in_sample_months: int = DEFAULT_IN_SAMPLE_MONTHS,
    out_of_sample_months: int = DEFAULT_OUT_OF_SAMPLE_MONTHS,
    scheme: Scheme = "rolling",
    ranking: RankingSettings | None = None,
) -> WalkForward:
    """Select by a run's ranking on past months, and trade the months after them, fold by fold.

    Parameters
    ----------
    of : RunSource or Run
    in_sample_months, out_of_sample_months : int
        Calendar months of the session dates.
    scheme : {"rolling", "anchored"}
        Windows in sample of one length, or all from the first month.
    ranking : RankingSettings, optional
        By default the ranking that runs use unless told otherwise.

    Raises
    ------
    ConfigError
        If the months are too few for one fold, or the ranking weighs a metric that depends on the
        order of trades.
    DataError
        If a run's bars or calendars are missing or have changed.
    """
    grid = whole_grid(of, ranking)
    months, month = np.unique(
        grid.dates.astype("datetime64[D]").astype("datetime64[M]"), return_inverse=True
    )
    found = folds(len(months), in_sample_months, out_of_sample_months, scheme)
    inside = [(fold.in_sample_first, fold.in_sample_last) for fold in found]
    outside = [(fold.out_of_sample_first, fold.out_of_sample_last) for fold in found]
    samples = PeriodSamples(
        dates=grid.dates,
        period=month,
        in_sample=months_of_windows(inside, len(months)),
        out_of_sample=months_of_windows(outside, len(months)),
    )
    _, best = grid.select(samples)
    ranked = grid.rank(samples, best)
    dates_of_month = np.bincount(month, minlength=len(months))
    results = tuple(
        FoldResult(
            in_sample_first=str(months[fold.in_sample_first]),
            in_sample_last=str(months[fold.in_sample_last]),
            out_of_sample_first=str(months[fold.out_of_sample_first]),
            out_of_sample_last=str(months[fold.out_of_sample_last]),
            combo_id=int(best.combo_id[k]),
            in_sample_total_r=float(best.total_r[k]),
            out_of_sample_total_r=float(best.out_of_sample_r[k]),
            percentile=float((ranked.less[k] + ranked.equal[k] / 2) / len(grid.grid)),
        )
        for k, fold in enumerate(found)
    )
    return WalkForward(
        scheme=scheme,
        in_sample_months=in_sample_months,
        out_of_sample_months=out_of_sample_months,
        folds=results,
        out_of_sample_total_r=float(best.out_of_sample_r.sum()),
        t=t_over_folds(best.out_of_sample_r),
        efficiency=efficiency(
            best.total_r,
            samples.in_sample @ dates_of_month,
            best.out_of_sample_r,
            samples.out_of_sample @ dates_of_month,
        ),
    )
