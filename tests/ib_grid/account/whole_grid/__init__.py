"""Tests of the counts of start dates of a whole grid."""
