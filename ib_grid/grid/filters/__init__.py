"""Filters of result rows: conditions as text, and what a run keeps."""
