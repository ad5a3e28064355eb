"""Tests of `pipelines.verify`."""
