"""How the cost of a run grows: measurements, table and picture."""
