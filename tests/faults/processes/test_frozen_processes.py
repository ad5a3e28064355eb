"""Frozen processes: a worker, or the scheduler of an existing cluster, that does not answer."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from distributed import Client

from ib_grid.errors import ClusterError
from pipelines.cluster import clusters
from pipelines.cluster.executors import open_executor
from pipelines.cluster.existing_cluster import ExistingCluster
from pipelines.cluster.interrupts import LEAVE_SECONDS
from tests.faults.processes.test_killed_processes import cluster
from tests.helpers.faults.disturbed_runs import (
    Child,
    Children,
    Place,
    assert_complete,
    assert_goes_on,
)
from tests.helpers.faults.injected import fault
from tests.helpers.machines.external_cluster import ExternalCluster
from tests.helpers.machines.object_store import BUCKET, environment_of

pytestmark = [pytest.mark.faults, pytest.mark.cluster]

INJECTED = "tests.helpers.faults.injected"
STOP_SECONDS = 10


def _worker(child: Child) -> int:
    """Return a process that was forked for a worker."""
    forked = [p for p in child.members() if "multiprocessing.forkserver" in " ".join(p.cmdline())]
    return next(p.pid for p in forked if p.ppid() in {other.pid for other in forked})


def test_frozen_worker_is_replaced(place: Place, undisturbed: Place, children: Children) -> None:
    soon = fault("impatient", still=2, slowest=1, alone=1, count=0.5, results=2)
    child = children.start(place.words(), module=INJECTED, environment=soon)
    assert child.until(lambda: len(place.finished()) >= 3, "3 chunks"), child.said()
    os.kill(_worker(child), signal.SIGSTOP)
    assert child.ended(240) == 0, child.said()
    assert "another worker takes the chunk, and the frozen worker tls://127.0.0.1" in child.said()
    assert "Traceback" not in child.said()
    assert_complete(place, undisturbed, {})


def test_slow_chunk_is_left_alone(place: Place, undisturbed: Place, children: Children) -> None:
    slow = fault("slow", chunk=7, seconds=6, still=2)
    child = children.start(place.words(), module=INJECTED, environment=slow)
    assert child.ended() == 0, child.said()
    assert "frozen" not in child.said()
    assert_complete(place, undisturbed, {})


def test_frozen_scheduler_is_told_and_left_at_once(
    place: Place, undisturbed: Place, children: Children
) -> None:
    scheduler, address = cluster(place, children)
    assert scheduler.until(lambda: scheduler.said().count("Register worker") >= 2, "workers")
    words, soon = place.words("--scheduler", address), fault("impatient", answer=5)
    child = children.start(words, module=INJECTED, environment=soon)
    assert child.until(lambda: len(place.finished()) >= 3, "3 chunks"), child.said()
    scheduler.process.send_signal(signal.SIGSTOP)
    assert child.until(lambda: "does not answer" in child.said(), "the note"), child.said()
    child.interrupt()
    started = time.monotonic()
    assert child.process.wait(STOP_SECONDS) in (130, -signal.SIGINT), child.said()
    child.gone(STOP_SECONDS - (time.monotonic() - started))
    assert "run the same command again to resume" in child.said()
    assert "Traceback" not in child.said()
    children.end()
    assert_goes_on(place, undisturbed, place.finished())


@pytest.fixture
def existing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ExternalCluster]:
    """Start a scheduler and a worker, whose answers are waited for only briefly."""
    monkeypatch.setattr(clusters, "ANSWER_SECONDS", 1.0)
    monkeypatch.setattr(clusters, "NO_WORKERS_SECONDS", 1.0)
    started = ExternalCluster(tmp_path)
    try:
        started.start(1)
        yield started
    finally:
        started.end()


def test_scheduler_that_freezes_while_it_is_asked(
    existing: ExternalCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, scheduler = ExistingCluster(address=existing.address), existing.processes["scheduler"]
    for question in ("nthreads", "_get_versions", "run"):
        with monkeypatch.context() as patch:
            patch.setattr(Client, question, _frozen(scheduler, getattr(Client, question)))
            with (
                pytest.raises(ClusterError, match="do not answer") as caught,
                asked.open(1) as workers,
            ):
                asked.check(workers, tmp_path, "")
        scheduler.send_signal(signal.SIGCONT)
        assert caught.value.location == existing.address


@pytest.mark.parametrize("question", ["_wait_for_workers", "_scatter", "nthreads"])
def test_scheduler_that_freezes_while_data_is_sent(
    existing: ExternalCluster, monkeypatch: pytest.MonkeyPatch, question: str
) -> None:
    scheduler = existing.processes["scheduler"]
    with ExistingCluster(address=existing.address).open(1) as workers:
        monkeypatch.setattr(Client, question, _frozen(scheduler, getattr(Client, question)))
        lost = pytest.raises(ClusterError, match="its workers was lost")
        with lost, open_executor(2, workers) as executor:
            executor.share("data")


def _frozen(scheduler: subprocess.Popen[bytes], ask: Callable[..., object]) -> object:
    def asked(*args: object, **kwargs: object) -> object:
        scheduler.send_signal(signal.SIGSTOP)
        return ask(*args, **kwargs)

    return asked


@pytest.fixture
def store(children: Children) -> Iterator[tuple[Child, dict[str, str], Callable[[], int]]]:
    """Start an object store; yield its process, its environment and a count of its partitions."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = children.start(["-H", "127.0.0.1", "-p", port], module="moto.server")
    environment = environment_of(port)
    client = boto3.client(
        "s3",
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        aws_access_key_id="nobody",
        aws_secret_access_key="nothing",
        region_name="us-east-1",
    )
    assert server.until(lambda: "Running on" in server.said(), "the store"), server.said()
    client.create_bucket(Bucket=BUCKET)

    def partitions() -> int:
        found = client.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return sum(entry["Key"].endswith(".parquet") for entry in found)

    yield server, environment, partitions
    client.close()


@pytest.mark.parametrize(("signals", "seconds"), [(1, LEAVE_SECONDS + 10), (3, 5)])
def test_store_that_never_answers_does_not_hold_a_stopped_run(
    place: Place, children: Children, store, signals: int, seconds: float
) -> None:
    server, environment, partitions = store
    words = place.words()
    words[words.index("--output") + 1] = f"s3://{BUCKET}/runs"
    child = children.start(words, environment=environment)
    assert child.until(lambda: partitions() >= 3, "3 chunks"), child.said()
    server.process.send_signal(signal.SIGSTOP)
    started = time.monotonic()
    for _ in range(signals):
        child.interrupt()
        assert child.until(lambda: "stopping" in child.said(), "an answer") or signals == 3
        time.sleep(0.3)
    assert child.process.wait(seconds) == 130, child.said()
    child.gone(seconds)
    assert time.monotonic() - started < seconds
    assert (
        "left before the last files were written; run the same command again to resume"
        in child.said()
    )
    assert "Traceback" not in child.said()
