"""Tests of `ib_grid.errors`."""
