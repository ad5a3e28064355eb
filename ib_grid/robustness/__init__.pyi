from .conclusion.facts import load_robustness as load_robustness
from .conclusion.facts import verdict_of as verdict_of
from .plan import RobustnessSettings as RobustnessSettings
from .statistics.track_record import track_record as track_record
from .testing import cross_validation as cross_validation
from .testing import random_direction as random_direction
from .testing import robustness_tests as robustness_tests
from .testing import walk_forward as walk_forward
