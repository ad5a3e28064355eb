"""Tests of `ib_grid.market.csv.layouts`."""
