"""What is shown of a run, on a terminal and where there is none."""

from __future__ import annotations

import contextlib
import io
from dataclasses import replace

import pytest
from rich.console import Console

from ib_grid.runs.chunk_summary import Best
from pipelines.render.progress import Progress, Snapshot, duration, live_line

NOW = Snapshot(
    done=901_824,
    total=1_478_400,
    per_second=62_113.4,
    best=Best(combo_id=123_456, total_r=123.44),
    workers=90,
    memory_bytes=5_400_000_000,
    seconds=14.5,
    idle_seconds=0.43,
)
START = replace(NOW, done=0, per_second=None, best=None, memory_bytes=None, idle_seconds=3.0)
END = replace(NOW, done=NOW.total, seconds=24.0)


def drawn(now: Snapshot, width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    with console.capture() as capture:
        console.print(live_line(now, width))
    return [line.rstrip() for line in capture.get().splitlines()]


def test_one_line_where_it_fits() -> None:
    (line,) = drawn(NOW, 150)
    assert line.startswith(" 61 %  ━━━━")
    assert line.endswith(
        "62,113/s  ETA 9.3 s  best +123.4 R (#123456)  90 workers 5.0 GiB  last chunk 0.4 s ago"
    )


def test_two_lines_at_80_columns() -> None:
    first, second = drawn(NOW, 80)
    assert first.startswith(" 61 %  ━━━━")
    assert first.endswith("62,113/s  ETA 9.3 s")
    assert second == "best +123.4 R (#123456)  90 workers 5.0 GiB  last chunk 0.4 s ago"


@pytest.mark.parametrize("width", [20, 40, 60, 79, 80, 119, 120, 121, 250])
@pytest.mark.parametrize("now", [START, NOW, END])
def test_no_line_is_wider_than_the_terminal(now: Snapshot, width: int) -> None:
    lines = drawn(now, width)
    assert len(lines) <= 2
    assert all(len(line) <= width - 3 for line in lines)


def test_no_estimate_before_the_first_chunk() -> None:
    line = " ".join(drawn(START, 150))
    assert "  0 %" in line
    assert "—/s  ETA —  best —  90 workers  no chunk yet, 3.0 s" in line


def test_final_line_states_the_duration() -> None:
    line = " ".join(drawn(END, 150))
    assert "100 %" in line
    assert "took 24 s" in line
    assert "ETA" not in line


def test_hundred_percent_means_all() -> None:
    assert drawn(replace(NOW, done=NOW.total - 1), 150)[0].startswith(" 99 %")


def test_one_worker_is_one_worker() -> None:
    assert "  1 worker 5.0 GiB" in drawn(replace(NOW, workers=1), 150)[0]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.6, "1 min 00 s"),
        (185, "3 min 05 s"),
        (3600, "1 h 00 min"),
        (7800, "2 h 10 min"),
        (90_000, "25 h 00 min"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_snapshots_count_what_is_new() -> None:
    clock = Clock()
    progress = Progress(Console(file=io.StringIO()), done=400, total=1000, clock=clock)
    assert progress.snapshot().per_second is None
    clock.now += 10
    progress.chunk(200, NOW.best)
    progress.workers(2, 1000)
    clock.now += 10
    now = progress.snapshot()
    assert (now.done, now.total, now.best, now.workers) == (600, 1000, NOW.best, 2)
    assert now.per_second == 10  # 200 in 20 seconds: the 400 before are no work of this run
    assert now.eta_seconds == 40
    assert now.idle_seconds == 10


def test_plain_lines_are_occasional_and_final() -> None:
    clock, file = Clock(), io.StringIO()
    with Progress(Console(file=file, width=30), done=0, total=1000, clock=clock) as progress:
        for _ in range(40):
            clock.now += 0.25
            progress.chunk(25, NOW.best)
            progress.show()
    lines = file.getvalue().splitlines()
    assert len(lines) == 3  # after 5 and 10 seconds, and the last
    assert lines[0].startswith(" 50 %  500 of 1,000 combinations  100/s  ETA 5.0 s  best +123.4 R")
    assert lines[-1].startswith("100 %  1,000 of 1,000 combinations  100/s  took 10 s")
    assert "\x1b" not in file.getvalue()


def test_a_terminal_gets_one_line_that_changes_and_a_last_one() -> None:
    clock, file = Clock(), io.StringIO()
    console = Console(file=file, width=150, force_terminal=True, force_interactive=True)
    with Progress(console, done=0, total=100, clock=clock) as progress:
        for _ in range(4):
            clock.now += 1
            progress.chunk(25, None)
            progress.show()
    text = file.getvalue()
    assert text.count("\x1b[2K") >= 4  # the line is cleared before it is drawn again
    assert text.split("\x1b[2K")[-1].startswith("100 %  100 of 100 combinations  25/s  took 4.0 s")
    assert "\x1b[?25h" in text  # the cursor is back


def test_the_cursor_is_back_after_an_error() -> None:
    file = io.StringIO()
    console = Console(file=file, width=150, force_terminal=True, force_interactive=True)
    progress = Progress(console, done=0, total=100)
    with contextlib.suppress(KeyboardInterrupt), progress:
        progress.show()
        raise KeyboardInterrupt
    assert file.getvalue().rindex("\x1b[?25h") > file.getvalue().rindex("\x1b[?25l")


def test_a_dumb_terminal_gets_plain_lines() -> None:
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, _environ={"TERM": "dumb"})
    with Progress(console, done=0, total=100) as progress:
        progress.show()
    assert "\x1b" not in file.getvalue()
