"""Parameter combinations: axes, ids, chunks, result columns, filters and scoring.

May import errors, storage and market.
"""
