"""Tests of `pipelines.report.measures`."""
