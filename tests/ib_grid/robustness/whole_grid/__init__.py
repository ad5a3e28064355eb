"""Tests of ib_grid.robustness.whole_grid."""
