"""Facts of a run that the robustness tests do not know."""

from __future__ import annotations

from dataclasses import dataclass

from ib_grid.engine.execution_settings import Model
from ib_grid.robustness.conclusion.hold_out import HoldOut
from ib_grid.robustness.results import Selected


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What a verdict needs besides the tests.

    Attributes
    ----------
    run : str
        The run directory, as a person types it.
    model : {"realistic", "original"}
        Execution model of the run.
    combinations, profitable : int
        Known combinations, and those with a total R above 0.
    min_trades : int
        Minimum number of trades of a ranked combination.
    selected : Selected or None
        Combination with the highest score; None if nothing is ranked.
    scope : str
        Words after "combinations" if these are not the whole grid, such as ``computed so far``.
    untestable : str
        Why the run cannot be tested, and what to do; empty if it can.
    other_total_r : float or None
        Total R of the selected combination under the other execution model; None if unknown.
    holds_out : bool
        Whether the run holds out session dates.
    hold_out : HoldOut or None
        Outcome on these; None until opened.
    """

    run: str
    model: Model
    combinations: int
    profitable: int
    min_trades: int
    selected: Selected | None
    scope: str = ""
    untestable: str = ""
    other_total_r: float | None = None
    holds_out: bool = False
    hold_out: HoldOut | None = None

    @property
    def searched(self) -> str:
        """Number of combinations, in words."""
        return " ".join([f"{self.combinations:,} combinations", *filter(None, [self.scope])])
