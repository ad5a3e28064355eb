"""Content of a run directory: manifest, fingerprint, partitions, and reading of results.

May import everything in ib_grid except analysis.
"""
