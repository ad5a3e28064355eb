"""The reference engine: the rules in plain Python, slow but obvious.

It shares data types with the fast engine but no computation, so that each engine checks the other.
A date is worked through bar by bar, in the order and the terms of STRATEGY.md, sections 1 to 8; the
numbers in the comments are its sections.
"""

from ib_grid.engine.reference.engine import candidates, evaluate, trades, trades_of_each, window_of
from ib_grid.engine.reference.metrics import metrics

__all__ = ["candidates", "evaluate", "metrics", "trades", "trades_of_each", "window_of"]
