"""Run directories for tests: small, random, computed, reported and traded ones."""
