"""Tests of `ib_grid.storage`."""
