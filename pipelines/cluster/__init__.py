"""Dask workers on this machine or of an existing scheduler, and executors over them.

May import ib_grid and config.
"""
