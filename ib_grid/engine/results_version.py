"""Version of the results.

Raise it with every change after which the engine returns other numbers, or other columns, for the
same input: an interrupted run would otherwise resume with partitions of both kinds.
"""

from __future__ import annotations

RESULTS_VERSION = 2
