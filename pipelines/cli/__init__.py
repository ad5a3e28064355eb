"""The `ib-grid` command line, the outermost layer.

May import everything; no other package imports this one.
"""
