"""Tests of `ib_grid.analysis.selection`."""
