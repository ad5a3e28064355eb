"""Coverage-guided fuzzing of the readers, beside the tests: see `tests.bad_input.fuzz.run`."""
