"""Coverage-guided fuzzing of the readers, beside the tests: see `tests.fuzz.run`."""
