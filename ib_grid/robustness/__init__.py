"""Robustness tests: the whole selection, repeated on the whole grid, to tell skill from luck.

May import everything in ib_grid except analysis.
"""

from ib_grid.robustness.conclusion.facts import load_robustness, verdict_of
from ib_grid.robustness.conclusion.hold_out import HoldOut
from ib_grid.robustness.conclusion.reasons import Reason
from ib_grid.robustness.conclusion.run_facts import RunFacts
from ib_grid.robustness.conclusion.verdict import Verdict, verdict
from ib_grid.robustness.plan import RobustnessSettings
from ib_grid.robustness.results import Robustness
from ib_grid.robustness.robustness_tests import robustness_tests
from ib_grid.robustness.statistics.cscv import Cscv
from ib_grid.robustness.statistics.random_direction import RandomDirection
from ib_grid.robustness.statistics.reality_check import RealityCheck
from ib_grid.robustness.statistics.track_record import TrackRecord, track_record
from ib_grid.robustness.statistics.walk_forward import SELECTION_RULES, WalkForward

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
    "load_robustness",
    "robustness_tests",
    "track_record",
    "verdict",
    "verdict_of",
]
