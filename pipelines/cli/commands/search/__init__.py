"""Combinations of a finished run: found, shown and compared."""
