"""Input files: CSV to bars and levels, demo bars, and what a run or a combination reads.

May import ib_grid and config.
"""
