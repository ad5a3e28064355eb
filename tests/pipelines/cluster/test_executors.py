"""Executors of report work: one process, or several."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from ib_grid.errors import ClusterError, StoreError
from pipelines.cluster.dask_settings import DASK_CONFIG
from pipelines.cluster.executors import (
    MAX_PROCESSES,
    ROWS_PER_PROCESS,
    ROWS_WORTH_A_START,
    SERIAL_EXECUTOR,
    Executor,
    open_executor,
    processes_for,
)
from tests.helpers.machines.thread_executor import thread_executor

SLEEP_SECONDS = 60
SMALL = 2 * ROWS_PER_PROCESS


def doubled(items: Sequence[int]) -> list[int]:
    return [2 * item for item in items]


def passed(executor: Executor) -> int:
    return sum(executor.map(sum, [1, 2]))


def who(_items: Sequence[int]) -> int:
    time.sleep(0.05)  # time for the other to take a part, too
    return os.getpid()


def refuse(items: Sequence[int]) -> None:
    raise StoreError("it cannot be read", location=f"file {items[0]}")


def sleep(_items: Sequence[int]) -> None:
    time.sleep(SLEEP_SECONDS)


def stop_once(items: Sequence[int], folder: Path, by: signal.Signals) -> list[int]:
    with contextlib.suppress(FileExistsError):
        (folder / "stopped").touch(exist_ok=False)
        os.kill(os.getpid(), by)
    return doubled(items)


class Deadly:
    """A value that the first process that receives it dies of."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __setstate__(self, state: dict[str, Path]) -> None:
        self.__dict__.update(state)
        stop_once([], self.folder, signal.SIGKILL)


def second(values: tuple[Deadly, int]) -> int:
    return values[1]


def die(_items: Sequence[int]) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture
def threads() -> Iterator[Executor]:
    with thread_executor(2) as executor:
        yield executor


@pytest.mark.parametrize("n_items", [0, 1, 2, 3, 4, 5, 17])
def test_all_items_come_in_their_order(threads: Executor, n_items: int) -> None:
    for executor in (SERIAL_EXECUTOR, threads):
        parts = list(executor.map(doubled, range(n_items)))
        assert [item for part in parts for item in part] == [2 * k for k in range(n_items)]
    assert len(parts) <= 4


def test_error_is_raised(threads: Executor) -> None:
    for executor in (SERIAL_EXECUTOR, threads):
        with pytest.raises(StoreError, match="it cannot be read") as caught:
            list(executor.map(refuse, range(8)))
        assert caught.value.location == "file 0"


def test_file_changed_meanwhile(threads: Executor) -> None:
    for executor in (SERIAL_EXECUTOR, threads):
        other, third = executor.submit(max, 3, 5), executor.submit_thread(passed, executor)
        assert list(executor.map(doubled, [1])) == [[2]]
        assert other.result() == 5
        assert third.result() == 3


@pytest.mark.parametrize(
    ("n_rows", "at_most", "are_there", "expected"),
    [
        (0, 8, True, 1),
        (SMALL - 1, 8, True, 1),
        (SMALL, 8, True, 2),
        (SMALL, 1, True, 1),
        (SMALL, 8, False, 1),
        (ROWS_WORTH_A_START - 1, 8, False, 1),
        (ROWS_WORTH_A_START, 8, False, 8),
        (10**9, 90, True, MAX_PROCESSES),
    ],
)
def test_few_rows_are_read_in_process(
    n_rows: int, at_most: int, are_there: bool, expected: int
) -> None:
    assert processes_for(n_rows, at_most, are_there=are_there) == expected


def test_one_partition_needs_no_process() -> None:
    with open_executor(1) as alone:
        assert list(alone.map(who, [1])) == [os.getpid()]


@pytest.mark.cluster
def test_workers_share_the_work() -> None:
    with open_executor(2) as two:
        processes = set(two.map(who, range(8)))
        assert len(processes) == 2
        assert os.getpid() not in processes
        with pytest.raises(StoreError, match="it cannot be read") as caught:
            list(two.map(refuse, range(8)))
        assert caught.value.location == "file 0"
        assert list(two.map(doubled, range(3))) == [[0], [2], [4]]


@pytest.mark.cluster
def test_repeated_worker_deaths_are_reported() -> None:
    with pytest.raises(ClusterError, match="3 workers died") as caught, open_executor(2) as two:
        list(two.map(die, range(8)))
    assert "ib-grid report" in str(caught.value)


@pytest.mark.cluster
@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGSTOP])
def test_work_of_a_dead_or_frozen_worker_is_done_by_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: signal.Signals
) -> None:
    monkeypatch.setitem(DASK_CONFIG, "distributed.scheduler.worker-ttl", "1s")  # type: ignore[misc]
    with open_executor(2) as two:
        work = partial(stop_once, folder=tmp_path, by=by)
        assert list(two.map(work, range(4))) == [[0], [2], [4], [6]]
    assert (tmp_path / "stopped").exists()


@pytest.mark.cluster
def test_worker_that_dies_of_a_shared_value(tmp_path: Path) -> None:
    with open_executor(2) as two:
        shared = two.share((Deadly(tmp_path), 5))
        assert two.submit(second, shared).result() == 5
    assert (tmp_path / "stopped").exists()


def interrupt_passes() -> None:
    with open_executor(2) as two:
        two.submit_thread(lambda: list(two.map(sleep, range(8))))
        two.submit(sleep, [1])
        raise KeyboardInterrupt


@pytest.mark.cluster
def test_an_error_does_not_wait_for_the_others() -> None:
    """Such as Ctrl-C, while passes are under way in a thread and in processes."""
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        interrupt_passes()
    assert time.monotonic() - begun < SLEEP_SECONDS
