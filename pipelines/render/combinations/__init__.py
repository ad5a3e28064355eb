"""One combination or portfolio of a run: selection by rank or id, views, export."""
