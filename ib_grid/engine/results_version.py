"""Version of the results, to raise with every change that alters a number."""

from __future__ import annotations

# Raise with every change after which the engine returns other numbers for the same input.
RESULTS_VERSION = 1
