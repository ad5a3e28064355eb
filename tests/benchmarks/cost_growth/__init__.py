"""Growth of the cost of a run: measurements, table and picture."""
