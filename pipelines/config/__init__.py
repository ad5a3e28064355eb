"""Settings from the command line and configuration files, and the instruments they name.

May import ib_grid except analysis, and nothing of pipelines.
"""
