"""Results of the robustness tests: plain values, which JSON keeps without loss.

An undefined number is None. R is in units of the risk per trade; dates are ``YYYY-MM-DD`` and
months ``YYYY-MM``, in the time zone of the sessions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ib_grid.robustness.statistics.cscv import Cscv
from ib_grid.robustness.statistics.random_direction import RandomDirection
from ib_grid.robustness.statistics.reality_check import RealityCheck
from ib_grid.robustness.statistics.track_record import TrackRecord
from ib_grid.robustness.statistics.walk_forward import SelectionRule, WalkForward


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """Combination that the ranking selects on all dates."""

    combo_id: int
    total_r: float
    sharpe_ratio: float


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
