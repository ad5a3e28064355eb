"""Tests of `ib_grid.market`."""
