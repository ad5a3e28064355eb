"""Robustness tests: the whole selection, repeated on the whole grid, to tell skill from luck.

May import everything in ib_grid except analysis.
"""

from ib_grid.robustness.conclusion.facts import load_robustness, verdict_of
from ib_grid.robustness.plan import RobustnessSettings
from ib_grid.robustness.robustness_tests import (
    cross_validation,
    random_direction,
    robustness_tests,
    walk_forward,
)
from ib_grid.robustness.statistics.track_record import track_record

__all__ = [
    "RobustnessSettings",
    "cross_validation",
    "load_robustness",
    "random_direction",
    "robustness_tests",
    "track_record",
    "verdict_of",
    "walk_forward",
]
