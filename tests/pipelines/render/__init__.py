"""Tests of `pipelines.render`."""
