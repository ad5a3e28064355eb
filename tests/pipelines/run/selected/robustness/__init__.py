"""Tests of pipelines.run.selected.robustness."""
