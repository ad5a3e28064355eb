"""Measurements of a report: ranking, parameter effects, distributions, replay."""
