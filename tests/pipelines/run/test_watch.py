"""The watch over workers: who is frozen, and who is not."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ib_grid.errors import ClusterError
from pipelines.cluster import clusters
from pipelines.cluster.clusters import Advance
from pipelines.run.watch import STILL_SECONDS, Stills, Watch

POLL = clusters.COUNT_SECONDS


class FakeWorkers:
    """Workers whose tasks advance as a test says, under a clock that it turns."""

    def __init__(self) -> None:
        self.client = SimpleNamespace(scheduler=SimpleNamespace(address="tcp://there:1"))
        self.tasks: dict[object, Advance] = {}
        self.count = 2
        self.answers = True
        self.replaced: list[str] = []
        self.now = 0.0

    def measure(self) -> tuple[int, int]:
        if not self.answers:
            self.now += clusters.ANSWER_SECONDS
            raise TimeoutError
        return self.count, 0

    def advances(self) -> dict[object, Advance]:
        return self.tasks

    def replace(self, address: str) -> None:
        self.replaced.append(address)
        self.tasks = {key: a for key, a in self.tasks.items() if a.worker != address}


class Notes(list[str]):
    """What the progress display is told."""

    note = list.append

    def workers(self, count: int, memory: int) -> None:
        """Show nothing."""


@pytest.fixture
def workers() -> FakeWorkers:
    return FakeWorkers()


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def watch(workers: FakeWorkers, notes: Notes) -> Watch:
    return Watch(workers, notes, clock=lambda: workers.now)  # type: ignore[arg-type]


def passes(watch: Watch, workers: FakeWorkers, seconds: float, *, others: bool = True) -> None:
    """Let time pass, in which the task of the worker `busy` advances."""
    end = workers.now + seconds
    while workers.now < end:
        workers.now += POLL
        if "b" in workers.tasks:
            workers.tasks["b"] = Advance("busy", workers.now)
        if others:
            watch.chunk_done(1.0)
        watch.look({"a": 7, "b": 8})


def test_a_task_that_stands_still_is_given_to_another(
    watch: Watch, workers: FakeWorkers, notes: Notes
) -> None:
    workers.tasks = {"a": Advance("frozen", 1.5), "b": Advance("busy", 0)}
    passes(watch, workers, STILL_SECONDS)
    assert workers.replaced == []
    passes(watch, workers, 2 * POLL)
    assert workers.replaced == ["frozen"]
    (note,) = notes
    assert note.startswith("chunk 7 has not advanced for 30 seconds; another worker takes")


def test_a_slow_task_that_advances_is_left_alone(watch: Watch, workers: FakeWorkers) -> None:
    workers.tasks = {"b": Advance("busy", 0)}
    passes(watch, workers, 100 * STILL_SECONDS)
    assert workers.replaced == []


def test_nobody_is_frozen_while_nobody_finishes(watch: Watch, workers: FakeWorkers) -> None:
    workers.tasks = {"a": Advance("one", 1.5), "b": Advance("busy", 0)}
    passes(watch, workers, 100 * STILL_SECONDS, others=False)  # such as a store that is away
    assert workers.replaced == []


def test_slow_chunks_give_more_time(watch: Watch, workers: FakeWorkers) -> None:
    workers.tasks = {"a": Advance("one", 1.5), "b": Advance("busy", 0)}
    watch.chunk_done(STILL_SECONDS)
    passes(watch, workers, 9 * STILL_SECONDS)
    assert workers.replaced == []
    passes(watch, workers, 2 * STILL_SECONDS)
    assert workers.replaced == ["one"]


def test_the_last_task_is_given_more_time(watch: Watch, workers: FakeWorkers) -> None:
    workers.tasks = {"a": Advance("last", 1.5)}
    passes(watch, workers, 3.5 * STILL_SECONDS, others=False)
    assert workers.replaced == []
    passes(watch, workers, STILL_SECONDS, others=False)
    assert workers.replaced == ["last"]


def test_a_machine_that_slept_has_no_frozen_worker(watch: Watch, workers: FakeWorkers) -> None:
    workers.tasks = {"a": Advance("one", 1.5), "b": Advance("busy", 0)}
    passes(watch, workers, 2 * POLL)
    workers.now += 8 * 3600
    passes(watch, workers, POLL)
    assert workers.replaced == []


def test_tasks_of_other_people_are_not_looked_at(watch: Watch, workers: FakeWorkers) -> None:
    workers.tasks = {"theirs": Advance("elsewhere", 1.5), "b": Advance("busy", 0)}
    passes(watch, workers, 100 * STILL_SECONDS)
    assert workers.replaced == []


def test_a_chunk_that_freezes_every_worker_ends_the_run(watch: Watch, workers: FakeWorkers) -> None:
    for name in ("one", "two"):
        workers.tasks = {"a": Advance(name, 0.0), "b": Advance("busy", 0)}
        passes(watch, workers, 2 * STILL_SECONDS)
    workers.tasks = {"a": Advance("three", 0.0), "b": Advance("busy", 0)}
    with pytest.raises(ClusterError, match="chunk 7 does not advance on any of 3 workers") as e:
        passes(watch, workers, 2 * STILL_SECONDS)
    assert workers.replaced == ["one", "two"]
    assert "run the same command again" in e.value.hint


def test_a_silent_scheduler_ends_the_run_in_two_minutes(
    watch: Watch, workers: FakeWorkers, notes: Notes
) -> None:
    workers.answers = False
    with pytest.raises(ClusterError, match="has not answered for 120 seconds") as e:
        passes(watch, workers, 1000)
    assert 120 <= workers.now < 120 + 12 * POLL + clusters.ANSWER_SECONDS
    assert notes == [
        "the scheduler at tcp://there:1 does not answer; the run waits 120 seconds for it"
    ]
    assert "restart the scheduler at tcp://there:1, or omit --scheduler" in e.value.hint


def test_a_scheduler_that_answers_again_is_forgiven(
    watch: Watch, workers: FakeWorkers, notes: Notes
) -> None:
    for _ in range(3):
        workers.answers = False
        passes(watch, workers, 90)
        workers.answers = True
        passes(watch, workers, POLL)
    assert len(notes) == 3


def test_no_worker_for_long_ends_the_run(watch: Watch, workers: FakeWorkers) -> None:
    workers.count = 0
    with pytest.raises(ClusterError, match="there has been no worker for 120 seconds"):
        passes(watch, workers, 200)


def test_frozen_tasks_are_told_once_they_are_seen_twice() -> None:
    stills = Stills()
    assert list(stills.frozen({"a": Advance("one", 0)}, 10 * STILL_SECONDS)) == []
    stills.chunk_done(1.0)
    assert list(stills.frozen({"a": Advance("one", 0)}, STILL_SECONDS)) == [("a", STILL_SECONDS)]
