"""Tests of ib_grid.robustness.measures."""
