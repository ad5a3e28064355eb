"""Faults, and runs that a test disturbs with them."""
