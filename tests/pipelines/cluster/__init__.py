"""Tests of `pipelines.cluster`."""
