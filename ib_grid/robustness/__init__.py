"""Robustness tests: the whole selection, repeated on the whole grid, to tell skill from luck.

May import everything in ib_grid except analysis.
"""

from ib_grid.robustness.conclusion.facts import load_robustness, verdict_of
from ib_grid.robustness.conclusion.hold_out import HoldOut
from ib_grid.robustness.conclusion.verdict import Reason, RunFacts, Verdict, verdict
from ib_grid.robustness.cscv import Cscv, cross_validation
from ib_grid.robustness.random_direction import random_direction
from ib_grid.robustness.reality_check import reality_check
from ib_grid.robustness.results import (
    SELECTION_RULES,
    RandomDirection,
    RealityCheck,
    Robustness,
    TrackRecord,
)
from ib_grid.robustness.track_record import track_record
from ib_grid.robustness.walk_forward import WalkForward, walk_forward

__all__ = [
    "SELECTION_RULES",
    "Cscv",
    "HoldOut",
    "RandomDirection",
    "RealityCheck",
    "Reason",
    "Robustness",
    "RunFacts",
    "TrackRecord",
    "Verdict",
    "WalkForward",
    "cross_validation",
    "load_robustness",
    "random_direction",
    "reality_check",
    "track_record",
    "verdict",
    "verdict_of",
    "walk_forward",
]
