"""Combinations selected from a run: hold-out, account, challenge; and counts of the whole grid."""
