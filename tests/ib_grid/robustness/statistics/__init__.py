"""Tests of ib_grid.robustness.statistics."""
