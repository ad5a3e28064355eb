"""Paths in an object store: pathlib's names, and the spellings that a person may type."""

from __future__ import annotations

import errno
import io
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_grid.errors import ConfigError, UnreachableError
from ib_grid.storage import paths, remote_path
from ib_grid.storage.atomic_files import is_file, whole_file
from ib_grid.storage.paths import RemotePath, move, parse_path
from tests.helpers.machines.memory_store import memory_store
from tests.helpers.machines.object_store import bucket, s3_server


@pytest.fixture
def remote() -> Iterator[RemotePath]:
    with memory_store() as root:
        yield root


@pytest.fixture(scope="module")
def s3() -> Iterator[RemotePath]:
    with s3_server():
        yield bucket()


@pytest.fixture(params=["disk", "memory", "s3"])
def anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[paths.AnyPath]:
    """Return a folder on disk, or a prefix in a store."""
    if request.param == "s3":
        yield request.getfixturevalue("s3") / tmp_path.name / "results"
    elif request.param == "disk":
        (tmp_path / "results").mkdir()
        yield tmp_path / "results"
    else:
        with memory_store() as root:
            yield root


def write(path: paths.AnyPath, content: bytes = b"content") -> None:
    with whole_file(path) as file:
        file.write(content)


def below(folder: paths.AnyPath) -> list[str]:
    """Names of all files below a folder."""
    found = [path for pattern in ("*", "*/*", "*/*/*") for path in folder.glob(pattern)]
    return sorted(str(path).removeprefix(f"{folder}/") for path in found if path.is_file())


def test_file_is_found_by_every_lookup(anywhere: paths.AnyPath) -> None:
    path = anywhere / "run" / "session=0800" / "part-1.parquet"
    assert not is_file(path)
    assert not path.exists()
    write(path)
    assert is_file(path)
    assert path.exists()
    assert not path.is_dir()
    assert path.parent.is_dir()
    assert path.parent.exists()
    assert [*anywhere.iterdir()] == [anywhere / "run"]
    assert [*anywhere.glob("run/session=*/part-*.parquet")] == [path]
    assert [*anywhere.glob("run/session=*/other-*")] == []
    assert [*(anywhere / "absent").glob("*")] == []
    assert (path.name, path.suffix, path.parent.name) == (
        "part-1.parquet",
        ".parquet",
        "session=0800",
    )
    assert path.with_name("part-2.parquet") == path.parent / "part-2.parquet"
    assert path.absolute() == path == path.resolve()


def test_written_values_are_read_back(anywhere: paths.AnyPath) -> None:
    path = anywhere / "text"
    write(path, "Grüße".encode())
    assert path.read_bytes() == "Grüße".encode()
    assert path.read_text(encoding="utf-8") == "Grüße"
    write(path, b"again")
    assert path.read_bytes() == b"again"


def test_a_block_that_fails_writes_nothing(anywhere: paths.AnyPath) -> None:
    write(anywhere / "old", b"old")
    for name in ("old", "new"):
        with pytest.raises(ZeroDivisionError), whole_file(anywhere / name) as file:
            file.write(b"half" * (1 // 0))
    assert below(anywhere) == ["old"]
    assert (anywhere / "old").read_bytes() == b"old"


def test_missing_store_is_the_same_error(anywhere: paths.AnyPath) -> None:
    absent = anywhere / "absent"
    for read in (
        absent.read_bytes,
        lambda: absent.open("rb"),
        lambda: [*absent.iterdir()],
    ):
        with pytest.raises(FileNotFoundError) as caught:
            read()
        assert caught.value.strerror
        assert str(absent) in str(caught.value.filename)
    absent.unlink(missing_ok=True)


def test_folder_is_new_only_once(anywhere: paths.AnyPath) -> None:
    folder = anywhere / "run"
    folder.mkdir(parents=True)
    write(folder / "file")
    with pytest.raises(FileExistsError):
        folder.mkdir(parents=True)
    folder.mkdir(exist_ok=True)
    assert below(anywhere) == ["run/file"]


def test_moving_a_file_and_a_folder(anywhere: paths.AnyPath) -> None:
    write(anywhere / "run" / "a", b"1")
    write(anywhere / "run" / "b" / "c", b"2")
    move(anywhere / "run" / "a", anywhere / "run" / "d")
    assert below(anywhere) == ["run/b/c", "run/d"]
    move(anywhere / "run", anywhere / "run.old")
    assert below(anywhere) == ["run.old/b/c", "run.old/d"]
    assert (anywhere / "run.old" / "d").read_bytes() == b"1"
    (anywhere / "run.old" / "d").unlink()
    assert below(anywhere) == ["run.old/b/c"]


def test_nothing_moves_between_stores(anywhere: paths.AnyPath, tmp_path: Path) -> None:
    write(anywhere / "file")
    other = tmp_path / "other" if isinstance(anywhere, RemotePath) else parse_path("memory://x/y")
    with pytest.raises(ValueError, match="not in the same store"):
        move(anywhere / "file", other)


@given(
    content=st.binary(max_size=60),
    steps=st.lists(st.tuples(st.integers(-70, 70), st.integers(0, 2), st.integers(-1, 70))),
)
def test_an_object_reads_like_a_file(content: bytes, steps: list[tuple[int, int, int]]) -> None:
    with memory_store() as root:
        (root / "object").write_bytes(content)
        with (root / "object").open() as ours, io.BytesIO(content) as file:
            for offset, whence, size in steps:
                start = max(0, offset) if whence == 0 else offset
                try:
                    there = file.seek(start, whence)
                except ValueError:  # before the beginning: neither goes there
                    continue
                assert ours.seek(start, whence) == there == ours.tell()
                assert ours.read(size) == file.read(size)


def test_object_must_be_new(remote: RemotePath) -> None:
    (remote / "lease").write_bytes(b"1", new=True)
    with pytest.raises(FileExistsError) as caught:
        (remote / "lease").write_bytes(b"2", new=True)
    assert caught.value.errno == errno.EEXIST
    assert (remote / "lease").read_bytes() == b"1"


def test_path_pickles_as_its_url(remote: RemotePath) -> None:
    again = pickle.loads(pickle.dumps(remote))
    assert again == remote
    assert parse_path(str(remote)) == remote
    assert len(pickle.dumps(remote)) < 200


def test_store_failure_is_reported(remote: RemotePath, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def __getattr__(self, name: str) -> object:
            raise RuntimeError("no credentials\nand a long story")

    monkeypatch.setattr(remote_path, "_filesystem", lambda *_: Broken())
    for ask in (remote.exists, remote.read_bytes, lambda: [*remote.glob("*")]):
        with pytest.raises(UnreachableError, match=r"cannot be used \(no credentials\)") as caught:
            ask()
        assert caught.value.location == str(remote)
    with pytest.raises(UnreachableError):
        write(remote / "file")


def test_paths_and_file_urls_are_local(tmp_path: Path) -> None:
    assert parse_path("results/a") == Path("results/a")
    assert parse_path("~/a") == Path.home() / "a"
    assert parse_path(f"file://{tmp_path}/b") == tmp_path / "b"
    assert parse_path(f"file://{tmp_path}/b/") == tmp_path / "b"


@pytest.mark.parametrize("text", ["results:old", "C:results", "at 10:30", ":memory"])
def test_a_path_may_hold_a_colon(text: str) -> None:
    assert parse_path(text) == Path(text)


def test_a_url_without_its_last_slash() -> None:
    assert str(parse_path("memory://bucket/prefix/")) == "memory://bucket/prefix"
    assert parse_path("memory://bucket/prefix/").name == "prefix"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("s3:bucket/prefix", "missing slashes after s3:"),
        ("s3:/bucket/prefix", "missing slashes after s3:"),
        ("memory://", "invalid URL"),
        ("s3:///key", "invalid URL"),
        ("memory://bucket/../other", "invalid URL"),
        ("memory://bucket//other", "invalid URL"),
        ("memory://bucket/./other", "invalid URL"),
        ("simplecache::memory://bucket", "invalid URL"),
        ("file://results", "must begin with file:///"),
        ("nothing://bucket/prefix", "unknown protocol nothing"),
    ],
)
def test_unusable_urls(text: str, found: str) -> None:
    with pytest.raises(ConfigError, match=found) as caught:
        parse_path(text)
    assert caught.value.location == text


@pytest.mark.parametrize(
    "text",
    [
        "s3://key:hush@bucket/prefix",
        "s3://bucket/prefix?X-Amz-Signature=hush",
        "https://store.example/c?sig=hush",
        "https://hush@store.example/c",
        "s3://bucket/prefix#hush",
    ],
)
def test_a_url_with_a_secret_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ConfigError, match="password or a token") as caught:
        parse_path(text)
    assert "hush" not in str(caught.value)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: str) -> None:
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr("fsspec.get_filesystem_class", missing)
    with pytest.raises(ConfigError, match="Install s3fs") as caught:
        parse_path("s3://bucket/prefix")
    assert "pip install 'ib-grid[s3]'" in caught.value.hint
