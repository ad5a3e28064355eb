"""Robustness tests: the whole selection, repeated on the whole grid, to tell skill from luck.

May import everything in ib_grid except analysis.
"""

from ib_grid.robustness.conclusion.facts import load_robustness, verdict_of
from ib_grid.robustness.conclusion.hold_out import HoldOut
from ib_grid.robustness.conclusion.verdict import Reason, RunFacts, Verdict, verdict
from ib_grid.robustness.plan import RobustnessSettings
from ib_grid.robustness.results import (
    SELECTION_RULES,
    Cscv,
    RandomDirection,
    RealityCheck,
    Robustness,
    TrackRecord,
    WalkForward,
)
from ib_grid.robustness.robustness_tests import (
    cross_validation,
    random_direction,
    robustness_tests,
    walk_forward,
)
from ib_grid.robustness.statistics.reality_check import reality_check
from ib_grid.robustness.statistics.track_record import track_record

__all__ = [
    "SELECTION_RULES",
    "Cscv",
    "HoldOut",
    "RandomDirection",
    "RealityCheck",
    "Reason",
    "Robustness",
    "RobustnessSettings",
    "RunFacts",
    "TrackRecord",
    "Verdict",
    "WalkForward",
    "cross_validation",
    "load_robustness",
    "random_direction",
    "reality_check",
    "robustness_tests",
    "track_record",
    "verdict",
    "verdict_of",
    "walk_forward",
]
