"""An existing cluster whose workers share only a network address with the client."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pytest

from ib_grid.errors import ClusterError, ConfigError
from ib_grid.robustness import RobustnessSettings, robustness_tests
from ib_grid.runs.manifest import read_manifest
from ib_grid.runs.partition_layout import partition_files, results_folder
from ib_grid.runs.run import load_run
from ib_grid.storage.paths import AnyPath, RemotePath
from pipelines.cluster import executors, existing_cluster
from pipelines.cluster.clusters import Workers
from pipelines.cluster.existing_cluster import ExistingCluster
from pipelines.config.settings import Settings
from pipelines.inputs.inputs import read_inputs
from pipelines.report.report_run import report_run
from pipelines.run import tasks
from pipelines.run.run import RunResult, run
from pipelines.run.selected.robustness.make import make_robustness
from pipelines.verify import verify_run
from tests.helpers.machines import external_cluster
from tests.helpers.machines.external_cluster import ExternalCluster, certificates
from tests.helpers.machines.object_store import bucket, s3_server
from tests.helpers.runs import small_runs
from tests.helpers.runs.small_runs import GRID, PLAN, plain_console, rows, settings

pytestmark = pytest.mark.cluster


@contextmanager
def cluster_of(folder: Path, workers: int, **given: object) -> Iterator[ExternalCluster]:
    started = ExternalCluster(folder, **given)  # type: ignore[arg-type]
    try:
        started.start(workers)
        yield started
    finally:
        started.end()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExternalCluster]:
    with cluster_of(tmp_path_factory.mktemp("cluster"), workers=2) as started:
        yield started


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    """Return the rows, computed in this process."""
    work = small_runs.work(tmp_path_factory.mktemp("here"))
    for index in range(len(PLAN)):
        tasks.run_chunk(index, work)
    return rows(work.dataset)


def done(asked: Settings) -> tuple[RunResult, str]:
    console, text = plain_console()
    return run(asked, read_inputs(asked), console), text.getvalue()


def on(cluster: ExternalCluster, folder: Path, **changes: object) -> Settings:
    return settings(folder, workers=None, scheduler=cluster.address, **changes)


def rows_of(folder: AnyPath) -> pa.Table:
    return rows(results_folder(folder, "GER40"))


def test_workers_without_bars_write_to_a_shared_folder(
    cluster: ExternalCluster, tmp_path: Path, expected: pa.Table
) -> None:
    there, said = done(on(cluster, tmp_path, output=f"file://{tmp_path}/shared"))
    assert there.folder.parent == tmp_path / "shared"
    assert rows_of(there.folder).equals(expected)
    assert read_manifest(there.folder).attempts[0]["processes"] == 2
    assert not [*cluster.folder.rglob("*.parquet")]
    assert "warning" not in said


def test_workers_read_rows_for_the_report(
    cluster: ExternalCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executors, "ROWS_PER_PROCESS", 1)
    asked, console = on(cluster, tmp_path), plain_console()[0]
    with contextlib.ExitStack() as stay:
        there = run(asked, read_inputs(asked), console, stay)
        _, paths = report_run(there.folder, workers=there.workers)
    by_them = {path: path.read_bytes() for path in paths}
    _, paths = report_run(there.folder)
    assert {path: path.read_bytes() for path in paths} == by_them


def test_workers_share_the_robustness_tests(cluster: ExternalCluster, tmp_path: Path) -> None:
    asked, few = on(cluster, tmp_path), RobustnessSettings(draws=9, null_draws=3, resamples=20)
    inputs, console = read_inputs(asked), plain_console()[0]
    with contextlib.ExitStack() as stay:
        there = run(asked, inputs, console, stay)
        assert there.workers is not None
        assert there.workers.count == 2
        source = inputs.source
        found, _, path = make_robustness(there.folder, source, few, console, workers=there.workers)
    assert found == robustness_tests(source, few, ranking=asked.ranking)
    assert path.is_file()


def _read_in_vain(workers: Workers) -> None:
    with executors.open_executor(2, workers) as several:
        with pytest.raises(CancelledError):
            list(several.map(len, range(4)))
        list(several.map(len, range(4)))  # nor is more begun


def test_report_does_not_wait_for_lost_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.cluster.clusters.NO_WORKERS_SECONDS", 0.2)
    monkeypatch.setattr("pipelines.cluster.clusters.COUNT_SECONDS", 0.1)
    with (
        cluster_of(tmp_path, workers=1) as started,
        ExistingCluster(address=started.address).open(1) as workers,
    ):
        started.kill("worker-0")
        with pytest.raises(ClusterError, match="its workers was lost"):
            _read_in_vain(workers)


def test_output_invisible_to_workers_is_refused_before_work(
    cluster: ExternalCluster, tmp_path: Path
) -> None:
    unseen = RemotePath("memory", f"{tmp_path.name}/results")  # each process has one of its own
    asked = dataclasses.replace(on(cluster, tmp_path, run_dir="mine"), output=unseen)
    with pytest.raises(ClusterError, match="workers do not see the run directory") as caught:
        done(asked)
    assert len(re.findall(r"tcp://127.0.0.1:\d+: run.json cannot be read", str(caught.value))) == 2
    assert caught.value.expected == "a directory that all workers can write to"
    assert "--output s3://" in caught.value.hint
    assert read_manifest(unseen / "mine").state == "failed"


def test_workers_with_other_versions_are_named_before_work(
    cluster: ExternalCluster, tmp_path: Path
) -> None:
    others = {
        "numba": external_cluster.OTHER_NUMBA,
        "lacking": external_cluster.NO_IB_GRID,
        "results": external_cluster.OTHER_RESULTS,
    }
    asked = on(cluster, tmp_path, run_dir="mine")
    for name, start_up in others.items():
        cluster.worker(name, start_up)
    for name in others:
        cluster.wait_for_worker(name)
    with pytest.raises(ClusterError, match="some processes run other versions") as caught:
        done(asked)
    assert f"{cluster.address_of('numba')}: numba 0.1.2, here" in str(caught.value)
    cluster.kill("numba")

    with pytest.raises(ClusterError, match="some processes run other versions") as caught:
        done(asked)
    said = str(caught.value)
    assert f"{cluster.address_of('lacking')}: ib-grid missing, here 0.1.0; results missing" in said
    assert re.search(rf"{cluster.address_of('results')}: results \d+, here \d+\n", said)
    assert "worker-0" not in said
    assert partition_files(results_folder(tmp_path / "results" / "mine", "GER40")) == []
    for name in ("lacking", "results"):
        cluster.kill(name)


def test_tls(tmp_path: Path, expected: pa.Table) -> None:
    ca, cert, key = certificates(tmp_path)
    words = ("--tls-ca-file", str(ca), "--tls-cert", str(cert), "--tls-key", str(key))
    mine = {"tls_ca_file": ca, "tls_cert": cert, "tls_key": key}
    (tmp_path / "cluster").mkdir()
    (tmp_path / "foreign").mkdir()
    foreign = dict(zip(mine, certificates(tmp_path / "foreign"), strict=True))
    with cluster_of(tmp_path / "cluster", workers=1, protocol="tls", words=words) as started:
        assert started.address.startswith("tls://")
        there, _ = done(on(started, tmp_path, **mine))
        assert rows_of(there.folder).equals(expected)
        with pytest.raises(ClusterError, match="TLS certificate does not match"):
            done(on(started, tmp_path, run_dir="foreign", **foreign))
        with pytest.raises(ConfigError, match="no certificates are given"):
            done(on(started, tmp_path, run_dir="none"))


def test_listener_that_is_not_a_scheduler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(existing_cluster, "_CONNECT_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        with (
            pytest.raises(ClusterError, match="does not answer like a Dask scheduler") as caught,
            ExistingCluster(address=address).open(1),
        ):
            raise AssertionError
    assert caught.value.location == address


def test_missing_scheduler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(existing_cluster, "_CONNECT_SECONDS", 0.3)
    with (
        pytest.raises(ClusterError, match="cannot be reached") as caught,
        ExistingCluster(address="tcp://127.0.0.1:1").open(1),
    ):
        raise AssertionError
    assert caught.value.location == "tcp://127.0.0.1:1"


class Meanwhile:
    """Run an action in a thread beside a run, and raise its failure in the test."""

    def __init__(self, steps: Callable[[], None]) -> None:
        self._steps, self._error = steps, None
        self._thread = threading.Thread(target=self._go)

    def _go(self) -> None:
        try:
            self._steps()
        except BaseException as error:  # noqa: BLE001 - it is raised where the test waits
            self._error = error

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._thread.join()
        if self._error and not kind:
            raise self._error


# Workers hold what they have begun as long as a file is there, once two chunks are done.
HOLDING = """
import time
from pathlib import Path
from pipelines.cluster import existing_cluster, executors
from pipelines.run import tasks

inner, done = tasks.compute, []

def compute(chunk, work):
    while len(done) >= {n} and Path({hold!r}).exists():
        time.sleep(0.01)
    done.append(chunk)
    return inner(chunk, work)

tasks.compute = compute
"""


def test_run_in_s3_survives_a_stop_and_a_lost_worker(tmp_path: Path, expected: pa.Table) -> None:
    hold = tmp_path / "hold"
    hold.touch()
    # The late one leaves some as well: else it may have done all when the stop comes.
    holding, late = (HOLDING.format(hold=str(hold), n=n) for n in (2, 6))
    with s3_server() as environment, cluster_of(tmp_path, 0, environment=environment) as started:
        asked = on(started, tmp_path, output=f"{bucket()}/some/prefix", run_dir="mine")
        dataset = results_folder(bucket() / "some" / "prefix" / "mine", "GER40")
        for name in ("lost", "kept"):
            started.worker(name, holding)
        for name in ("lost", "kept"):
            started.wait_for_worker(name)

        def lose_one_add_one_and_stop() -> None:
            started.wait_for(lambda: len(partition_files(dataset)) >= 3)
            started.kill("lost")
            started.worker("late", late)
            so_far = len(partition_files(dataset))
            started.wait_for(lambda: len(partition_files(dataset)) >= so_far + 4)
            signal.raise_signal(signal.SIGINT)

        with Meanwhile(lose_one_add_one_and_stop), pytest.raises(KeyboardInterrupt):
            done(asked)
        assert read_manifest(dataset.parent).state == "interrupted"
        before = written(dataset)
        hold.unlink()

        there, said = done(asked)
        assert there.folder == dataset.parent
        assert rows_of(there.folder).equals(expected)
        there_before = int(re.search(r"resumes, (\d+) of 32 chunks are done", said)[1])  # type: ignore[index]
        assert there_before >= len(before) >= 7
        assert (
            read_manifest(there.folder).attempts[1]["combinations"] == len(GRID) - 8 * there_before
        )
        after = written(dataset)
        assert {name: after[name] for name in before} == before
        assert load_run(str(there.folder)).n_rows == len(GRID)
        assert verify_run(there.folder, sample=1, seed=1, progress=lambda *_: None).exit_status == 0
        assert not [*tmp_path.rglob("part-*.parquet")]


def written(dataset: AnyPath) -> dict[str, object]:
    """Return the modification time of each partition."""
    assert isinstance(dataset, RemotePath)
    return {
        path.name: dataset.store.info(str(path))["LastModified"]
        for path in partition_files(dataset)
    }
