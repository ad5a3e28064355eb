"""Contents of a run directory: manifest, fingerprint, partitions, and how to open them.

May import everything in ib_grid except analysis.
"""
