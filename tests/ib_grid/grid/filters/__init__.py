"""Tests of `ib_grid.grid.filters`."""
