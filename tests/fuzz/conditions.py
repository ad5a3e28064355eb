"""python -m tests.fuzz.conditions -max_total_time=60; see `tests.fuzz.run`."""

from __future__ import annotations

from tests.fuzz.run import main

if __name__ == "__main__":
    main("conditions")
