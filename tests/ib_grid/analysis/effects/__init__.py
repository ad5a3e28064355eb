"""Tests of `ib_grid.analysis.effects`."""
