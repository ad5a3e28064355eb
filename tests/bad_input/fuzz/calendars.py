"""python -m tests.bad_input.fuzz.calendars -max_total_time=60; see `tests.bad_input.fuzz.run`."""

from __future__ import annotations

from tests.bad_input.fuzz.run import main

if __name__ == "__main__":
    main("calendars")
