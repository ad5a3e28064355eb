"""Faults put into real runs: afterwards every row is there, and nothing finished was done twice."""
