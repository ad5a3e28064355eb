"""Combinations selected from a run: hold-out, account, challenge; stress and counts of all."""
