"""Live progress display of a run; plain lines where the output is not a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from types import TracebackType

from rich import progress
from rich.console import Console, RenderableType
from rich.progress import BarColumn, ProgressColumn, Task
from rich.table import Column
from rich.text import Text

from ib_grid.runs.chunk_summary import Best
from pipelines.render.numbers import plural

_PLAIN_SECONDS = 5.0
_TENTHS_BELOW_SECONDS = 10
_MARGIN = 3  # a terminal shows "^C", which would push a full line out of place


class Progress(progress.Progress):
    """Progress of a run, shown while the object is entered.

    A terminal gets a live display, anything else a plain line every few seconds. `done` and `best`
    are those of the start.
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
        columns = (_Text(_percent), BarColumn(None), _Text(_count), _Text(_pace))
        super().__init__(
            *columns,
            console=console,
            auto_refresh=False,
            transient=True,
            get_time=clock,
            disable=not console.is_terminal or console.is_dumb_terminal,
            expand=True,
        )
        self._last_line = clock()
        self._id = self.add_task(
            "run", completed=done, total=total, first=done, best=best, workers=0, memory=None
        )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the live display and print where the run stands."""
        super().__exit__(kind, error, trace)
        self._print_line()

    def workers(self, count: int, memory_bytes: int | None) -> None:
        """Set the number of workers and the memory that they hold together."""
        self.update(self._id, workers=count, memory=memory_bytes)

    def chunk(self, combinations: int, best: Best | None) -> None:
        """Add the combinations of a finished chunk, and set the best so far."""
        self.update(self._id, advance=combinations, best=best, last_chunk=self.get_time())

    def note(self, text: str) -> None:
        """Print a note above the live display."""
        self.console.print(f"note: {text}", soft_wrap=True, highlight=False, markup=False)

    def show(self) -> None:
        """Refresh the live display, or print a plain line if one is due."""
        self.refresh()
        if self.disable and self.get_time() - self._last_line >= _PLAIN_SECONDS:
            self._last_line = self.get_time()
            self._print_line()

    def get_renderables(self) -> Iterable[RenderableType]:
        """Yield the line with the bar, and below it the line with the best and the workers."""
        for task in self.tasks:  # none while rich initialises the display
            bar = self.make_tasks_table([task])
            bar.width = self.console.width - _MARGIN
            yield bar
            state = Text(_state(task))
            state.truncate(bar.width, overflow="ellipsis")
            yield state

    def _print_line(self) -> None:
        task = self.tasks[0]
        parts = (_percent(task), f"{_count(task)} combinations", _pace(task), _state(task))
        self.console.print("  ".join(parts), soft_wrap=True, highlight=False)


class _Text(ProgressColumn):
    """A column with a text made from the task."""

    def __init__(self, text: Callable[[Task], str]) -> None:
        super().__init__(table_column=Column(no_wrap=True))
        self._text = text

    def render(self, task: Task) -> Text:
        return Text(self._text(task))


def _percent(task: Task) -> str:
    # Rounded down: only a complete run is at 100%.
    return f"{int(task.percentage):3d}%"


def _count(task: Task) -> str:
    return f"{task.completed:,.0f} of {task.total:,.0f}"


def _rate(task: Task) -> float | None:
    """Return the combinations per second since the start; None before the first chunk."""
    new = task.completed - task.fields["first"]
    return new / task.elapsed if new and task.elapsed else None


def _pace(task: Task) -> str:
    rate = _rate(task)
    per_second = "—/s" if rate is None else f"{rate:,.0f}/s"
    if task.finished:
        return f"{per_second}  took {duration(task.elapsed or 0)}"
    eta = "—" if rate is None else duration((task.remaining or 0) / rate)
    return f"{per_second}  ETA {eta}"


def _state(task: Task) -> str:
    best, count, memory = (task.fields[name] for name in ("best", "workers", "memory"))
    parts = [f"highest {best.total_r:+.1f} R (#{best.combo_id})" if best else "highest —"]
    size = "" if memory is None else f" {memory / 2**30:.1f} GiB"
    parts.append(f"{plural(count, 'worker')}{size}")
    if "last_chunk" in task.fields:
        parts.append(f"last chunk {duration(task.get_time() - task.fields['last_chunk'])} ago")
    else:
        parts.append(f"no chunk yet, {duration(task.elapsed or 0)}")
    return "  ".join(parts)


def duration(seconds: float) -> str:
    """Return a length of time as people say it: ``4.2 s``, ``3 min 05 s``, ``2 h 10 min``."""
    if round(seconds, 1) < _TENTHS_BELOW_SECONDS:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"
