"""Robustness tests: the whole selection, repeated on the whole grid, to tell skill from luck.

May import everything in ib_grid except analysis.
"""

from ib_grid.robustness.conclusion.facts import load_robustness, verdict_of
from ib_grid.robustness.plan import RobustnessSettings
from ib_grid.robustness.robustness_tests import robustness_tests
from ib_grid.robustness.statistics.track_record import track_record

__all__ = [
    "RobustnessSettings",
    "load_robustness",
    "robustness_tests",
    "track_record",
    "verdict_of",
]
