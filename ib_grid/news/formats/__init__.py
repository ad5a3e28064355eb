"""Calendar file formats: a module each, and `table`, which lists them."""
