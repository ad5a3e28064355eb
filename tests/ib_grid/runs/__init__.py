"""Tests of `ib_grid.runs`."""
