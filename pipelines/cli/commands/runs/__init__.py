"""Runs: making, checking and reporting them."""
