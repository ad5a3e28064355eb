"""Robustness tests of a run on workers, and their results on the screen."""
