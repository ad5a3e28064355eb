"""Faults of processes: killed, interrupted, frozen, short of memory."""
