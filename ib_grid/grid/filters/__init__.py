"""Filters of result rows: conditions as text, and the rows that a run keeps."""
