import errno
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ib_grid.errors import DiskError, OutputError, UnreachableError
from ib_grid.storage.atomic_files import is_file, whole_file, whole_files
from tests.helpers.machines.memory_store import memory_store
from tests.helpers.paths import ROOT


def everything_in(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_a_file_is_written_with_its_folders(tmp_path):
    path = tmp_path / "a" / "b" / "file.bin"
    with whole_file(path) as file:
        file.write(b"content")
        assert not path.exists()
    assert path.read_bytes() == b"content"
    assert everything_in(tmp_path) == ["a", "a/b", "a/b/file.bin"]


def test_a_file_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    path = tmp_path / "file.bin"
    flush, done = os.fsync, []

    def fsync(descriptor: int) -> None:
        about = os.fstat(descriptor)
        is_folder = stat.S_ISDIR(about.st_mode)
        done.append(("folder" if is_folder else about.st_size, path.exists()))
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    with whole_file(path) as file:
        file.write(b"content")
    assert done == [(7, False), ("folder", True)]


def test_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "file.bin"
    path.write_bytes(b"old")
    with pytest.raises(ZeroDivisionError), whole_file(path) as file:
        file.write(b"new" * (1 // 0))
    with pytest.raises(KeyboardInterrupt), whole_file(tmp_path / "x" / "y" / "other.bin"):
        raise KeyboardInterrupt
    assert path.read_bytes() == b"old"
    assert everything_in(tmp_path) == ["file.bin"]


@pytest.mark.parametrize("fault", [ZeroDivisionError, KeyboardInterrupt, OSError])
def test_failed_last_file_publishes_none(tmp_path, fault):
    paths = [tmp_path / "a", tmp_path / "new" / "b", tmp_path / "new" / "newer" / "c"]
    paths[0].write_bytes(b"old")

    def write() -> None:
        with whole_files() as files:
            for path in paths:
                with files.begin(path) as file:
                    file.write(b"new")
                    if path == paths[-1]:
                        raise fault

    with pytest.raises(OutputError if fault is OSError else fault):
        write()
    assert paths[0].read_bytes() == b"old"
    assert everything_in(tmp_path) == ["a"]


def test_files_are_published_together(tmp_path, monkeypatch):
    paths = [tmp_path / name for name in "abc"]
    flushed, renamed, flush, rename = [], [], os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda number: (flushed.append(number), flush(number)))

    def replace(aside: Path, path: Path) -> None:
        renamed.append((path.name, len(flushed)))
        rename(aside, path)

    monkeypatch.setattr(Path, "replace", replace)
    with whole_files() as files:
        for path in paths:
            with files.begin(path) as file:
                file.write(path.name.encode())
    assert renamed == [("a", 3), ("b", 3), ("c", 3)]
    assert [path.read_bytes() for path in paths] == [b"a", b"b", b"c"]
    assert len(flushed) == 4  # their folder once


@pytest.mark.parametrize("number", [errno.EBADF, errno.ENOSYS, errno.EINVAL])
def test_folder_that_cannot_be_flushed_is_passed_over(tmp_path, monkeypatch, number):
    flush = os.fsync

    def fsync(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(number, os.strerror(number))
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    with whole_file(tmp_path / "new" / "a") as file:
        file.write(b"content")
    assert (tmp_path / "new" / "a").read_bytes() == b"content"


def test_stale_file_handle_is_unreachable(tmp_path):
    with pytest.raises(UnreachableError, match="network file system") as caught:  # noqa: SIM117
        with whole_file(tmp_path / "a"):
            raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))
    assert caught.value.exit_status == 1
    assert caught.value.location == str(tmp_path / "a")


def test_file_of_a_failed_block_is_not_published(tmp_path):
    with whole_files() as files:
        with pytest.raises(ZeroDivisionError), files.begin(tmp_path / "a") as file:
            file.write(b"half" * (1 // 0))
        with files.begin(tmp_path / "b") as file:
            file.write(b"whole")
    assert (tmp_path / "b").read_bytes() == b"whole"
    assert not (tmp_path / "a").exists()


def test_store_writes_all_files_at_the_end_of_the_block():
    with memory_store() as root:
        with (
            pytest.raises(ZeroDivisionError),
            whole_files() as files,
            files.begin(root / "a") as file,
        ):
            file.write(b"half" * (1 // 0))
        assert not root.exists()
        with whole_files() as files:
            for name in "ab":
                with files.begin(root / name) as file:
                    file.write(name.encode())
            assert not root.exists()
        assert [path.read_bytes() for path in root.iterdir()] == [b"a", b"b"]


def test_a_file_in_the_place_of_a_folder_is_an_output_error(tmp_path):
    (tmp_path / "file").write_text("here")
    with (
        pytest.raises(OutputError, match="cannot be written") as caught,
        whole_file(tmp_path / "file" / "folder" / "new.bin"),
    ):
        pytest.fail("there is nothing to write to")
    assert str(tmp_path / "file" / "folder" / "new.bin") in str(caught.value)
    assert everything_in(tmp_path) == ["file"]


def test_a_folder_in_the_place_of_the_file_is_an_output_error(tmp_path):
    (tmp_path / "folder" / "inside").mkdir(parents=True)
    with pytest.raises(OutputError), whole_file(tmp_path / "folder") as file:
        file.write(b"content")
    assert everything_in(tmp_path) == ["folder", "folder/inside"]


def test_a_name_that_is_too_long_is_an_output_error(tmp_path):
    with pytest.raises(OutputError), whole_file(tmp_path / "new" / ("x" * 300)):
        pytest.fail("there is nothing to write to")
    assert everything_in(tmp_path) == []
    assert not is_file(tmp_path / ("x" * 300))


def test_full_disk_is_a_disk_error(tmp_path):
    program = (
        "import resource\n"
        "from pathlib import Path\n"
        "from ib_grid.storage.atomic_files import whole_file\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        f"with whole_file(Path({str(tmp_path / 'new' / 'big.bin')!r})) as file:\n"
        "    file.write(bytes(1_000_000))\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "DiskError: the file cannot be written" in ended.stderr
    assert "to do: make room, or choose another path" in ended.stderr
    assert everything_in(tmp_path) == []


@pytest.mark.parametrize(
    ("number", "kind", "status", "remedy"),
    [
        (errno.ENOSPC, DiskError, 1, "make room"),
        (errno.EDQUOT, DiskError, 1, "make room"),
        (errno.EIO, DiskError, 1, "check the disk"),
        (errno.EACCES, OutputError, 2, "give write permission"),
        (errno.EROFS, OutputError, 2, "give write permission"),
    ],
)
def test_invalid_path_is_input_error_full_disk_is_not(tmp_path, number, kind, status, remedy):
    def write() -> None:
        with whole_file(tmp_path / "file"):
            raise OSError(number, os.strerror(number))

    with pytest.raises(kind, match=os.strerror(number)) as caught:
        write()
    assert caught.value.exit_status == status
    assert caught.value.hint == f"{remedy}, or choose another path"


@pytest.mark.parametrize(
    ("make", "found"),
    [
        (lambda path: path.mkdir(), "it is a folder"),
        (os.mkfifo, "it is a pipe or a device"),
        (lambda path: path.symlink_to("/dev/null"), "it is a pipe or a device"),
    ],
    ids=["folder", "pipe", "link to a device"],
)
def test_non_file_is_not_replaced(
    make: Callable[[Path], object], found: str, tmp_path: Path
) -> None:
    path = tmp_path / "out.csv"
    make(path)
    before = path.lstat()
    with pytest.raises(OutputError, match=found), whole_file(path) as file:
        file.write(b"x")
    assert (path.lstat().st_mode, path.lstat().st_ino) == (before.st_mode, before.st_ino)
    assert [one.name for one in tmp_path.iterdir()] == ["out.csv"]


@pytest.mark.parametrize("name", [".", "..", "/", "new/.."])
def test_a_path_without_a_name_is_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OutputError, match="it is a folder"), whole_file(Path(name)) as file:
        file.write(b"x")
    assert list(tmp_path.iterdir()) == []
