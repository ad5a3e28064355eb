"""Instruments, bars and levels: what a run starts from."""
