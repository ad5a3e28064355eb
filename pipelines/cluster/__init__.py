"""Dask workers on this machine or an existing cluster, and executors over them.

May import ib_grid and config.
"""
