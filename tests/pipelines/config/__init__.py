"""Tests of `pipelines.config`."""
