"""Tests of `pipelines.inputs`."""
