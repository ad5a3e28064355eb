"""Golden trades and pinned grids."""
