"""Tests of `ib_grid.news`."""
