"""How far a run is: a live line on a terminal, plain lines now and then where there is none."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ib_grid.runs.chunk_summary import Best

_PLAIN_SECONDS = 5.0
_WIDE_COLUMNS = 120
_TENTHS_BELOW_SECONDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A run at one moment.

    Attributes
    ----------
    done, total : int
        Combinations.
    per_second : float, optional
        Combinations a second since the start; None before the first chunk.
    best : Best, optional
    workers : int
    memory_bytes : int, optional
        That the workers hold together; None before they have said it.
    seconds, idle_seconds : float
        Since the start, and since the last chunk.
    """

    done: int
    total: int
    per_second: float | None
    best: Best | None
    workers: int
    memory_bytes: int | None
    seconds: float
    idle_seconds: float

    @property
    def eta_seconds(self) -> float | None:
        """Seconds that remain at this pace; None before the first chunk."""
        return (self.total - self.done) / self.per_second if self.per_second else None


class Progress:
    """Shows a run's progress while it is entered.

    Parameters
    ----------
    console : Console
        A terminal gets a live line, anything else a plain line every few seconds.
    done, total : int
        Combinations at the start, and of the grid.
    best : Best, optional
        Of the combinations that are done at the start.
    clock : callable, optional
        Seconds, for tests.
    """

    def __init__(
        self,
        console: Console,
        *,
        done: int,
        total: int,
        best: Best | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._console, self._clock = console, clock
        self._first_done = self._done = done
        self._total = total
        self._best = best
        self._workers = 0
        self._memory: int | None = None
        self._started = self._last_chunk = self._last_line = clock()
        live = console.is_terminal and not console.is_dumb_terminal
        self._live = Live(console=console, auto_refresh=False, transient=True) if live else None

    def __enter__(self) -> Progress:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live:
            self._live.stop()
        self._console.print(_plain_line(self.snapshot()), soft_wrap=True, highlight=False)

    def workers(self, count: int, memory_bytes: int | None) -> None:
        """Say how many workers there are and what they hold."""
        self._workers, self._memory = count, memory_bytes

    def chunk(self, combinations: int, best: Best | None) -> None:
        """Say that so many combinations more are done, and the best of all so far."""
        self._done += combinations
        self._best = best
        self._last_chunk = self._clock()

    def snapshot(self) -> Snapshot:
        """The run at this moment."""
        now = self._clock()
        fresh, seconds = self._done - self._first_done, now - self._started
        return Snapshot(
            done=self._done,
            total=self._total,
            per_second=fresh / seconds if fresh and seconds else None,
            best=self._best,
            workers=self._workers,
            memory_bytes=self._memory,
            seconds=seconds,
            idle_seconds=now - self._last_chunk,
        )

    def show(self) -> None:
        """Draw the live line again, or write a plain one if it is time."""
        if self._live:
            self._live.update(live_line(self.snapshot(), self._console.width), refresh=True)
        elif self._clock() - self._last_line >= _PLAIN_SECONDS:
            self._last_line = self._clock()
            self._console.print(_plain_line(self.snapshot()), soft_wrap=True, highlight=False)


def live_line(now: Snapshot, width: int) -> Table:
    """The line for a terminal of this width: in two rows where one would not hold it."""
    wide = width >= _WIDE_COLUMNS
    bar = ProgressBar(total=now.total, completed=now.done)
    state = Text(_state(now), no_wrap=True, overflow="ellipsis")
    first = Table.grid(padding=(0, 2, 0, 0), expand=True)
    for ratio in (None, 1, None, *((None,) if wide else ())):
        first.add_column(ratio=ratio, no_wrap=True)
    first.add_row(f"{_percent(now)} %", bar, _pace(now), *((state,) if wide else ()))
    # Room for the terminal's "^C": it would push the line out of place.
    lines = Table.grid()
    lines.width = width - 3
    lines.add_row(first)
    if not wide:
        lines.add_row(state)
    return lines


def _plain_line(now: Snapshot) -> str:
    count = f"{now.done:,} of {now.total:,} combinations"
    return f"{_percent(now)} %  {count}  {_pace(now)}  {_state(now)}"


def _percent(now: Snapshot) -> str:
    # Rounded down: 100 % is said of what is complete only.
    return f"{100 * now.done // now.total if now.total else 100:3d}"


def _pace(now: Snapshot) -> str:
    if now.done >= now.total:
        return f"{_count(now.per_second)}/s  took {duration(now.seconds)}"
    eta = "—" if now.eta_seconds is None else duration(now.eta_seconds)
    return f"{_count(now.per_second)}/s  ETA {eta}"


def _state(now: Snapshot) -> str:
    best = f"best {now.best.total_r:+.1f} R (#{now.best.combo_id})" if now.best else "best —"
    memory = "" if now.memory_bytes is None else f" {now.memory_bytes / 2**30:.1f} GiB"
    workers = f"{now.workers} worker{'' if now.workers == 1 else 's'}{memory}"
    idle = duration(now.idle_seconds)
    last = f"no chunk yet, {idle}" if now.per_second is None else f"last chunk {idle} ago"
    return f"{best}  {workers}  {last}"


def _count(value: float | None) -> str:
    return "—" if value is None else f"{value:,.0f}"


def duration(seconds: float) -> str:
    """A length of time as people say it: ``4.2 s``, ``3 min 05 s``, ``2 h 10 min``."""
    if round(seconds, 1) < _TENTHS_BELOW_SECONDS:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"
