"""Tests of `pipelines.render.combinations`."""
