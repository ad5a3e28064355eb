"""Tests of `ib_grid.engine.reference`."""
