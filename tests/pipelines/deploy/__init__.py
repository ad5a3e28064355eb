"""Tests of `pipelines.deploy`."""
