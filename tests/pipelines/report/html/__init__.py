"""Tests of `pipelines.report.html`."""
