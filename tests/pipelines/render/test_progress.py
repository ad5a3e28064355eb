"""Progress of a run, on a terminal and elsewhere."""

from __future__ import annotations

import contextlib
import io

import pytest
from rich.console import Console

from ib_grid.runs.chunk_summary import Best
from pipelines.render.progress import Progress, duration

BEST = Best(combo_id=123_456, total_r=123.44)
TOTAL = 1_478_400


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def drawn(width: int, done: int = 901_824) -> list[str]:
    """Return the live display after 14.5 seconds, 0.4 seconds after the last chunk."""
    clock = Clock()
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    progress = Progress(console, done=0, total=TOTAL, clock=clock)
    progress.workers(90, 5_400_000_000)
    clock.now += 14.1
    if done:
        progress.chunk(done, BEST)
    clock.now += 0.4
    with console.capture() as capture:
        console.print(progress)
    return [line.rstrip() for line in capture.get().splitlines()]


@pytest.mark.parametrize("width", [80, 150])
def test_two_lines_on_a_terminal(width: int) -> None:
    first, second = drawn(width)
    assert first.startswith(" 61% ━━━━")
    assert first.endswith("901,824 of 1,478,400 62,195/s  ETA 9.3 s")
    assert second == "highest +123.4 R (#123456)  90 workers 5.0 GiB  last chunk 0.4 s ago"


@pytest.mark.parametrize("width", [20, 40, 60, 79, 80, 250])
@pytest.mark.parametrize("done", [0, 901_824, TOTAL])
def test_lines_fit_the_terminal(done: int, width: int) -> None:
    lines = drawn(width, done)
    assert len(lines) == 2
    assert all(len(line) <= width - 3 for line in lines)


def test_nothing_is_guessed_before_the_first_chunk() -> None:
    first, second = drawn(150, done=0)
    assert "  0%" in first
    assert first.endswith("—/s  ETA —")
    assert second == "highest —  90 workers 5.0 GiB  no chunk yet, 14 s"


def test_a_finished_run_shows_its_time() -> None:
    first, _ = drawn(150, done=TOTAL)
    assert first.startswith("100%")
    assert "took 14 s" in first
    assert "ETA" not in first


def test_only_a_complete_run_is_at_100_percent() -> None:
    assert drawn(150, done=TOTAL - 1)[0].startswith(" 99%")


def test_combinations_done_before_do_not_count_for_the_rate() -> None:
    clock, file = Clock(), io.StringIO()
    with Progress(Console(file=file, width=200), done=400, total=1000, clock=clock) as progress:
        clock.now += 10
        progress.chunk(200, BEST)
        progress.workers(1, 2**30)
        clock.now += 10
    assert file.getvalue() == (
        " 60%  600 of 1,000 combinations  10/s  ETA 40 s"
        "  highest +123.4 R (#123456)  1 worker 1.0 GiB  last chunk 10 s ago\n"
    )


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


def test_plain_lines_are_occasional_and_final() -> None:
    clock, file = Clock(), io.StringIO()
    with Progress(Console(file=file, width=30), done=0, total=1000, clock=clock) as progress:
        for _ in range(40):
            clock.now += 0.25
            progress.chunk(25, BEST)
            progress.show()
    lines = file.getvalue().splitlines()
    assert len(lines) == 3  # after 5 and 10 seconds, and the last
    assert lines[0].startswith(
        " 50%  500 of 1,000 combinations  100/s  ETA 5.0 s  highest +123.4 R"
    )
    assert lines[-1].startswith("100%  1,000 of 1,000 combinations  100/s  took 10 s")
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
    assert text.split("\x1b[2K")[-1].startswith("100%  100 of 100 combinations  25/s  took 4.0 s")
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
