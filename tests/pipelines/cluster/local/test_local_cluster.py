"""Local workers: their settings, and that none is left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar
from unittest.mock import MagicMock, Mock

import psutil
import pytest

from ib_grid.engine.fast.compiled import compilations
from ib_grid.errors import ClusterError
from pipelines.cluster.clusters import Workers, default_workers
from pipelines.cluster.existing_cluster import ExistingCluster
from pipelines.cluster.interrupts import interrupt_once
from pipelines.cluster.local import local_cluster
from pipelines.cluster.local.local_cluster import OwnCluster

THREAD_LIMITS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)


@pytest.mark.parametrize(
    ("cpus", "workers"), [(1, 1), (2, 2), (8, 8), (12, 6), (64, 58), (96, 90), (256, 90)]
)
def test_default_number_of_workers(cpus: int, workers: int) -> None:
    assert default_workers(cpus) == workers


def test_the_default_is_what_this_process_may_use() -> None:
    assert 1 <= default_workers() <= len(os.sched_getaffinity(0))


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with OwnCluster(workers=2).open(2) as started:
        yield started


def everywhere(workers: Workers, function) -> list:
    """Return the results of a function on each worker."""
    return list(workers.client.run(function).values())


def _blocks_interrupts() -> bool:
    blocked = signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])
    return blocked or signal.getsignal(signal.SIGINT) == signal.SIG_IGN


def _threads() -> dict[str, str | None]:
    return {name: os.environ.get(name) for name in THREAD_LIMITS}


@pytest.mark.cluster
def test_workers_are_processes_of_one_thread(workers: Workers) -> None:
    assert workers.count == 2
    processes = everywhere(workers, os.getpid)
    assert len({*processes, os.getpid()}) == 3
    assert list(workers.client.nthreads().values()) == [1, 1]
    assert everywhere(workers, _threads) == [dict.fromkeys(THREAD_LIMITS, "1")] * 2


@pytest.mark.cluster
def test_workers_leave_interrupts_to_the_main_process(workers: Workers) -> None:
    assert everywhere(workers, _blocks_interrupts) == [True, True]


@pytest.mark.cluster
def test_workers_have_the_kernels_and_compile_none(workers: Workers) -> None:
    assert everywhere(workers, compilations) == [0, 0]


@pytest.mark.cluster
def test_everything_listens_on_this_machine_alone(workers: Workers) -> None:
    assert workers.client.scheduler.address.startswith("tls://127.0.0.1:")
    assert all(address.startswith("tls://127.0.0.1:") for address in workers.client.nthreads())
    here = psutil.Process()
    family = [here, *here.children(recursive=True)]
    listening = [c for p in family for c in p.net_connections("inet") if c.status == "LISTEN"]
    assert {connection.laddr.ip for connection in listening} == {"127.0.0.1"}


@pytest.mark.cluster
def test_the_dashboard_answers(workers: Workers) -> None:
    assert workers.dashboard_link.startswith("http://127.0.0.1:")
    with urllib.request.urlopen(workers.dashboard_link, timeout=30) as page:
        assert page.status == 200


@pytest.mark.cluster
def test_workers_report_their_memory(workers: Workers) -> None:
    count, memory = workers.measure()
    assert count == 2
    assert 10 * 2**20 < memory < 2 * 2**30


@pytest.mark.cluster
def test_existing_scheduler_is_used_and_left_running(workers: Workers) -> None:
    address = workers.client.scheduler.address
    with ExistingCluster(address=address).open(1) as connected:
        assert connected.count == 2
        assert set(everywhere(connected, os.getpid)) == set(everywhere(workers, os.getpid))
    assert len(everywhere(workers, os.getpid)) == 2


@pytest.mark.cluster
@pytest.mark.parametrize("fault", [None, ValueError, KeyboardInterrupt])
def test_no_process_or_folder_is_left_behind(
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    fault: type[BaseException] | None,
) -> None:
    monkeypatch.chdir(tmp_path)
    own = tmp_path_factory.mktemp("temporary")  # other tests may start workers meanwhile
    monkeypatch.setattr(tempfile, "tempdir", str(own))
    with (
        contextlib.suppress(ValueError, KeyboardInterrupt),
        OwnCluster(workers=1).open(1) as started,
    ):
        (process,) = everywhere(started, os.getpid)
        assert list(own.glob(".ib-grid.*"))
        assert psutil.pid_exists(process)
        if fault:
            raise fault
    deadline = time.monotonic() + 10
    while psutil.pid_exists(process) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not psutil.pid_exists(process)
    assert list(own.glob(".ib-grid.*")) == []
    assert list(tmp_path.iterdir()) == []


def test_a_temporary_folder_that_cannot_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with (
        pytest.raises(ClusterError, match="could not be started") as caught,
        contextlib.ExitStack() as stack,
    ):
        OwnCluster()._start(stack, 1)
    assert "TMPDIR can name another folder" in caught.value.hint


def test_invalid_dashboard_address() -> None:
    with (
        pytest.raises(ClusterError, match="could not be started"),
        OwnCluster(dashboard_address="somewhere:else").open(1),
    ):
        raise AssertionError


def test_interrupted_start_ends_the_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = []

    class Starting:
        """A cluster in whose start a Ctrl-C comes."""

        workers: ClassVar[dict[int, object]] = {}
        scheduler = Mock()

        def __init__(self, **_: object) -> None:
            signal.raise_signal(signal.SIGINT)
            steps.append("started")

        def close(self, timeout: float) -> None:
            steps.append("closed")

    monkeypatch.setattr(local_cluster, "LocalCluster", Starting)
    monkeypatch.setattr(local_cluster, "start_fork_server", lambda: None)
    monkeypatch.setattr(local_cluster, "Dashboard", Mock())
    monkeypatch.setattr(local_cluster, "Client", MagicMock())
    with pytest.raises(KeyboardInterrupt), interrupt_once(), contextlib.ExitStack() as stack:
        OwnCluster()._start(stack, 1)
    assert steps == ["started", "closed"]


@pytest.mark.parametrize(
    ("cause", "started"), [(None, local_cluster.START_TRIES), (OSError(28, "no space"), 1)]
)
def test_start_is_tried_again_if_a_worker_dies(
    monkeypatch: pytest.MonkeyPatch, cause: Exception | None, started: int
) -> None:
    tries = []

    def dying(**_: object) -> None:
        tries.append(1)
        raise RuntimeError("Nanny failed to start worker process") from cause

    monkeypatch.setattr(local_cluster, "LocalCluster", dying)
    monkeypatch.setattr(local_cluster, "start_fork_server", lambda: None)
    with pytest.raises(ClusterError), contextlib.ExitStack() as stack:
        OwnCluster()._start(stack, 1)
    assert len(tries) == started


def test_slow_workers_are_killed() -> None:
    with subprocess.Popen(["sleep", "60"]) as deaf:
        stuck = Mock(workers={0: Mock(pid=deaf.pid), 1: Mock(pid=None)})
        stuck.close.side_effect = TimeoutError
        try:
            local_cluster._close(stuck)
            assert deaf.wait(timeout=10) == -signal.SIGKILL
        finally:
            deaf.kill()
