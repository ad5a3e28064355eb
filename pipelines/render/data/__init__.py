"""Prepared bars on a terminal: their quality, levels, trades and candidates."""
