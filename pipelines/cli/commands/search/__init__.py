"""Combinations of runs: found, shown, compared and traded side by side."""
