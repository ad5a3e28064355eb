"""Invalid input files: each is refused with its own message, and nothing is written."""
