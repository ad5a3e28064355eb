"""Run directories for tests: small, random, computed, reported, traded."""
