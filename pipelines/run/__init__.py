"""Running a grid: run directory, attempts, chunk tasks, top-k threshold.

May import ib_grid, config, inputs, cluster and render.
"""
