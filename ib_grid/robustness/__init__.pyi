from .conclusion.facts import load_robustness as load_robustness
from .conclusion.facts import verdict_of as verdict_of
from .plan import RobustnessSettings as RobustnessSettings
from .selection_tests import cross_validation as cross_validation
from .selection_tests import random_direction as random_direction
from .selection_tests import robustness_tests as robustness_tests
from .selection_tests import walk_forward as walk_forward
from .statistics.track_record import track_record as track_record
