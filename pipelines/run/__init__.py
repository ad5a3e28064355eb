"""A run from its first chunk to its last: run directory, attempts, chunk tasks, top-k threshold."""
