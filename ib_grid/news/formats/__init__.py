"""Calendar file formats: a module each, and `known_formats`, which lists them."""
