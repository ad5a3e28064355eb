"""Layouts of bars as text: spellings of times, names of columns, and the table of exporters."""
