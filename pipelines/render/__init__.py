"""Rendering for people and programs: numbers, tables, CSV, terminal views, HTML parts.

May import ib_grid and config.
"""
