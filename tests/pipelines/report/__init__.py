"""Tests of `pipelines.report`."""
