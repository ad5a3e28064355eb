"""Files on disk or in an object store: paths, atomic files, locks, checksums.

May import errors.
"""
