"""Faults injected into real runs: no row is lost, and no finished partition is written again."""
