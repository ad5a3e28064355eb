"""Tests of `pipelines.cli`."""
