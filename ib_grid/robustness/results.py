"""Results of the robustness tests: plain values, which JSON keeps without loss.

An undefined number is None. R is in units of the risk per trade; dates are ``YYYY-MM-DD`` and
months ``YYYY-MM``, in the time zone of the sessions.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Scheme = Literal["rolling", "anchored"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """Combination that the ranking selects on all dates."""

    combo_id: int
    total_r: float
    sharpe_ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NullComparison:
    """An observed figure beside the same figure under coin-flipped trade directions.

    Attributes
    ----------
    observed : float
    null_median, null_95 : float
        Median and 95th percentile over the draws.
    p : float
        (1 + draws that reach the observed value) / (1 + draws). Exact if direction carries no
        information.
    null : tuple of float
        Value of each draw.
    """

    observed: float
    null_median: float
    null_95: float
    p: float
    null: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomDirection:
    """The run's selection beside selections in which coins decide the direction of trades.

    Attributes
    ----------
    draws, seed : int
    selected_total_r, selected_sharpe_ratio : NullComparison
        Of the combination that the ranking selects.
    best_total_r, best_sharpe_ratio : NullComparison
        Highest value of any combination; `null_95` is what a result needs to be believed.
    share_profitable : NullComparison
        Share of combinations with a total R above 0.
    """

    draws: int
    seed: int
    selected_total_r: NullComparison
    selected_sharpe_ratio: NullComparison
    best_total_r: NullComparison
    best_sharpe_ratio: NullComparison
    share_profitable: NullComparison


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
        None without a coin.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class RealityCheck:
    """P-values of the best combination; small values speak for a profit after costs.

    Attributes
    ----------
    mean_block : float
        Mean length of a bootstrap block in session dates.
    resamples : int
    statistic : float
        Largest mean R per date in units of its standard error, at least 0.
    reality_check : float
        White's p-value.
    lower, consistent, upper : float
        Hansen's three p-values.
    """

    mean_block: float
    resamples: int
    statistic: float
    reality_check: float
    lower: float
    consistent: float
    upper: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Years:
    """Agreement between years on which combinations do well.

    Attributes
    ----------
    years : tuple of int
        Those of the session dates.
    rank_correlation : tuple of tuples of float or None, years × years
        Spearman's, of all combinations' total R; None where a year has one value throughout.
    """

    years: tuple[int, ...]
    rank_correlation: tuple[tuple[float | None, ...], ...]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackRecord:
    """Probability and minimum length of a track record, against a true Sharpe ratio of 0.

    Attributes
    ----------
    sharpe_per_date : float
        Mean over standard deviation of R per date, not annualised.
    probability : float
        Probabilistic Sharpe ratio: that of a true Sharpe ratio above 0.
    minimum_dates : float or None
        Session dates needed for a probability of 95%; None if the Sharpe ratio is not positive.
    """

    sharpe_per_date: float
    probability: float
    minimum_dates: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Robustness:
    """Results of all robustness tests of a run.

    Attributes
    ----------
    weights : mapping of str to float
        Of the ranking that was tested.
    min_trades : int
    combinations : int
        All of the grid.
    dates : tuple of str
        First and last session date of any session.
    n_dates : int
        Session dates of any session.
    selected : Selected or None
        None if no combination has enough trades.
    track_record : TrackRecord or None
        Of the selected combination.
    random_direction : RandomDirection
    walk_forward : WalkForward or None
        None if the bars span fewer than two months.
    cscv : Cscv or None
        None with fewer session dates than blocks.
    spa : RealityCheck or None
        None with fewer than three session dates.
    years : Years
    selection_rules : tuple of SelectionRule
        Empty without a walk-forward.
    """

    weights: Mapping[str, float]
    min_trades: int
    combinations: int
    dates: tuple[str, str]
    n_dates: int
    selected: Selected | None
    track_record: TrackRecord | None
    random_direction: RandomDirection
    walk_forward: WalkForward | None
    cscv: Cscv | None
    spa: RealityCheck | None
    years: Years
    selection_rules: tuple[SelectionRule, ...]

    @property
    def profitable(self) -> int:
        """Number of combinations with a total R above 0."""
        return round(self.random_direction.share_profitable.observed * self.combinations)

    def to_dict(self) -> dict[str, Any]:
        """Return the results as JSON values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Robustness:
        """Return the results that `to_dict` gave, also by way of JSON.

        Further entries are ignored; KeyError, TypeError or ValueError if one is missing or invalid.
        """
        return _value(cls, content)


def _value(kind: Any, content: Any) -> Any:
    """Return JSON values as the type that a field declares."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return None if content is None else _value(arguments[0], content)
    if origin is tuple:
        kinds = arguments[:1] * len(content) if arguments[-1] is Ellipsis else arguments
        return tuple(_value(one, item) for one, item in zip(kinds, content, strict=True))
    if origin is not None and isinstance(content, Mapping):
        return {key: _value(arguments[1], item) for key, item in content.items()}
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return kind(**{name: _value(hint, content[name]) for name, hint in hints.items()})  # type: ignore[operator]
    return content if kind is Scheme or origin is Literal else kind(content)
