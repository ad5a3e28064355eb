"""What all tests share: the hypothesis profiles."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# Examples are whole markets: slow to draw, and no clock decides what is right.
_COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("local", max_examples=50, **_COMMON)
settings.register_profile("ci", max_examples=50, derandomize=True, **_COMMON)
settings.register_profile("thorough", max_examples=2000, **_COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if "CI" in os.environ else "local"))
