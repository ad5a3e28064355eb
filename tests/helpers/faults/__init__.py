"""Fault injection, and runs disturbed by it."""
