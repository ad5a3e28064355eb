"""Tests of `ib_grid.account`."""
