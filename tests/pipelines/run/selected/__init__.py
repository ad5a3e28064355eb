"""Tests of what selected combinations come to."""
