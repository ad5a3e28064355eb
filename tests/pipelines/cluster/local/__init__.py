"""Tests of `pipelines.cluster.local`."""
