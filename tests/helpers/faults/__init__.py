"""Runs that a test disturbs, and the faults that are put into them."""
