"""A run in an in-memory object store, from beginning to report."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Sequence

import pytest

from ib_grid.errors import InputError, OutputError, RunMismatchError, StoreError, UnreachableError
from ib_grid.runs.manifest import read_manifest, write_manifest
from ib_grid.runs.partition_layout import partition_files, results_folder
from ib_grid.runs.run import load_run
from ib_grid.storage import lease
from ib_grid.storage.paths import AnyPath, RemotePath, all_below
from pipelines.cluster.clusters import Workers
from pipelines.cluster.local.local_cluster import OwnCluster
from pipelines.config.settings import Settings
from pipelines.inputs.inputs import read_inputs
from pipelines.report.report_run import report_run
from pipelines.run import chunk_bag, tasks
from pipelines.run.chunk_bag import Outcome
from pipelines.run.run import RunResult, run
from pipelines.run.tasks import ChunkWork
from pipelines.verify import verify_run
from tests.helpers.machines.memory_store import memory_store
from tests.helpers.runs.small_runs import GRID, plain_console, rows, settings


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Record the chunks that runs compute, in this process instead of workers."""
    chunks: list[int] = []

    def compute(work: ChunkWork, missing: Sequence[int], *_: object) -> Outcome:
        chunks.extend(missing)
        return Outcome(done=tuple(tasks.run_chunk(k, work) for k in missing), failed=())

    @contextlib.contextmanager
    def no_workers(*_: object, **__: object) -> Iterator[Workers]:
        yield Workers(client=None, count=1, dashboard_link="none")

    monkeypatch.setattr(OwnCluster, "open", no_workers)
    monkeypatch.setattr(chunk_bag, "compute", compute)
    return chunks


@pytest.fixture
def output() -> Iterator[RemotePath]:
    with memory_store() as root:
        yield root


@pytest.fixture
def asked(tmp_path, output: RemotePath) -> Settings:
    return dataclasses.replace(settings(tmp_path), output=output)


def done(asked: Settings) -> tuple[RunResult, str]:
    console, text = plain_console()
    return run(asked, read_inputs(asked), console), text.getvalue()


def dataset_of(result: RunResult) -> AnyPath:
    return results_folder(result.folder, "GER40")


def contents(folder: AnyPath) -> dict[str, bytes]:
    """Every file below a folder, by its place there."""
    return {str(path).removeprefix(str(folder)): path.read_bytes() for path in all_below(folder)}


def test_run_in_a_store_equals_one_on_disk(
    tmp_path, asked: Settings, output: RemotePath, computed: list[int]
) -> None:
    there, said = done(asked)
    here, _ = done(dataclasses.replace(asked, output=tmp_path / "here"))
    assert isinstance(there.folder, RemotePath)
    assert there.folder.parent == output
    assert f"run: {there.folder}" in said
    assert contents(dataset_of(there)) == contents(dataset_of(here))
    assert there.summary == here.summary
    assert read_manifest(there.folder).fingerprint == read_manifest(here.folder).fingerprint
    left = {path.name for path in there.folder.iterdir()}
    assert left == {"run.json", ".lease-00001", "GER40_full_results.parquet"}


def test_run_json_has_no_location(asked: Settings, computed: list[int]) -> None:
    result, _ = done(asked)
    assert str(asked.output) not in (result.folder / "run.json").read_text()


def test_resume_computes_missing_and_sets_damaged_files_aside(
    asked: Settings, computed: list[int]
) -> None:
    result, _ = done(asked)
    before = rows(dataset_of(result))
    write_manifest(
        result.folder, dataclasses.replace(read_manifest(result.folder), state="running")
    )
    files = partition_files(dataset_of(result))
    broken = bytearray(files[3].read_bytes())
    broken[100] ^= 1
    files[3].write_bytes(bytes(broken))  # type: ignore[call-arg]
    files[5].unlink()
    files[7].write_bytes(files[7].read_bytes()[:-9])
    computed.clear()

    again, said = done(asked)
    assert again.folder == result.folder
    assert sorted(computed) == [3, 5, 7]
    assert rows(dataset_of(again)).equals(before)
    aside = again.folder / "damaged" / "part-00003.parquet.damaged-1"
    assert aside.read_bytes() == bytes(broken)
    assert f"moved to {aside}" in said
    assert "resumes, 29 of 32 chunks are done" in said

    computed.clear()
    _, said = done(asked)
    assert computed == []
    assert "is already complete" in said


def test_run_with_all_chunks_counts_as_finished(asked: Settings, computed: list[int]) -> None:
    first, _ = done(asked)
    finished = read_manifest(first.folder)
    write_manifest(first.folder, dataclasses.replace(finished, state="running"))
    computed.clear()
    done(asked)
    assert computed == []
    assert read_manifest(first.folder) == finished


def test_reports_are_written_to_the_store(asked: Settings, computed: list[int]) -> None:
    there, _ = done(asked)
    report, paths = report_run(there.folder, excel=True)
    assert all(path.parent == there.folder and path.is_file() for path in paths)
    assert {path.suffix for path in paths} == {".txt", ".csv", ".json", ".html", ".xlsx"}
    summary = paths[0].read_text()
    assert f"--params {there.folder}/GER40_best_params.json" in summary
    page = (there.folder / "GER40_report.html").read_text()
    assert "could not be replayed" not in page
    assert not report.is_partial


def test_run_opens_by_url_and_verifies(asked: Settings, computed: list[int]) -> None:
    result, _ = done(asked)
    opened = load_run(str(result.folder))
    assert opened.n_rows == len(GRID)
    assert opened.frame(["combo_id"], where="combo_id < 3")["combo_id"].tolist() == [0, 1, 2]
    report_run(result.folder)
    found = verify_run(result.folder, sample=2, seed=1, progress=lambda *_: None)
    assert found.exit_status == 0
    for stray in ("deeper/part-00001.parquet", "stray.txt"):
        (partition_files(dataset_of(result))[0].parent / stray).write_bytes(b"mine")
    assert len(partition_files(dataset_of(result))) == 32
    partition_files(dataset_of(result))[1].unlink()
    found = verify_run(result.folder, sample=0, seed=1, progress=lambda *_: None)
    problems = "\n".join(line for check in found.checks for line in check.problems)
    assert "stray.txt" in problems
    assert "chunk 1 is missing" in problems


def test_named_run_is_set_aside(asked: Settings, computed: list[int]) -> None:
    named = dataclasses.replace(asked, run_dir="mine")
    first, _ = done(named)
    kept = contents(dataset_of(first))
    second, said = done(dataclasses.replace(named, resume=False))
    assert second.folder == first.folder
    aside = first.folder.with_name("mine.old-1")
    assert f"the previous run is now {aside}" in said
    assert contents(results_folder(aside, "GER40")) == kept
    assert len(computed) == 64


def test_other_runs_and_other_things_are_refused(
    asked: Settings, output: RemotePath, computed: list[int]
) -> None:
    named = dataclasses.replace(asked, run_dir="mine")
    done(named)
    with pytest.raises(RunMismatchError, match=r"spread_points: 2\.5 here"):
        done(dataclasses.replace(named, spread_points=2.5))
    (output / "photos" / "cat.jpg").write_bytes(b"meow")
    with pytest.raises(InputError, match="something other than a run"):
        done(dataclasses.replace(asked, run_dir="photos"))


def test_two_runs_at_once_are_refused(
    asked: Settings, computed: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "RENEWAL_SECONDS", 0.02)
    monkeypatch.setattr(lease, "POLL_SECONDS", 0.02)
    named = dataclasses.replace(asked, run_dir="mine")
    inner = chunk_bag.compute

    def meanwhile(*given: object) -> Outcome:
        with pytest.raises(OutputError, match="another run is writing here"):
            done(named)
        return inner(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(chunk_bag, "compute", meanwhile)
    done(named)


def test_store_outage_does_not_damage_files(
    asked: Settings, computed: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    result, _ = done(asked)
    opened = load_run(result.folder)
    before = contents(result.folder)

    def away(self: RemotePath, start: int, end: int) -> bytes:
        raise UnreachableError("no route to it", location=str(self))

    with monkeypatch.context() as patched:
        patched.setattr(RemotePath, "read_range", away)
        for use in (done, lambda _: report_run(result.folder), lambda _: load_run(result.folder)):
            with pytest.raises(StoreError, match="no route to it"):
                use(asked)
        with pytest.raises(UnreachableError, match="no route to it"):
            opened.frame(["combo_id"])
    after = contents(result.folder)
    assert {name: after[name] for name in before if "lease" not in name} == {
        name: content for name, content in before.items() if "lease" not in name
    }


def test_lost_objects_are_not_blamed_on_an_unshared_folder(
    asked: Settings, computed: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunk_bag, "compute", lambda *_: Outcome(done=(), failed=()))
    with pytest.raises(StoreError, match="32 partitions are missing") as caught:
        done(asked)
    assert "let nothing else remove objects there" in caught.value.hint
