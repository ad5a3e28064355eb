"""Reports of a run from its partition files: rankings, tables, text, HTML, Excel.

May import ib_grid, config, inputs, cluster and render.
"""
