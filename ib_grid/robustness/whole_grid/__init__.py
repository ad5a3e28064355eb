"""R of every combination by date, its sums over weighted dates, and selections made from them."""
