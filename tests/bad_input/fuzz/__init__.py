"""Coverage-guided fuzzing of the readers with atheris; started by `tests.bad_input.fuzz.run`."""
