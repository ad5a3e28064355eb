"""The `ib-grid` command line, the outermost layer; no other package imports this one."""
