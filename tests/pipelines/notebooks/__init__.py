"""Tests of `pipelines.notebooks`."""
