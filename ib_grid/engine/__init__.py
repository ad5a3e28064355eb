"""The trading rules, twice: `fast` is compiled, `reference` is plain Python.

STRATEGY.md states the rules. May import errors, storage, market, grid and news; the two engines
never import each other.
"""
