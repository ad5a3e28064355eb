"""Bars and sessions: clock, instruments, bars, levels, and the arrays that engines read.

May import errors and storage.
"""
