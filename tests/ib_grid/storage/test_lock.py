"""One writer at a time; a dead owner loses its lock."""

from __future__ import annotations

import errno
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ib_grid.errors import DiskError, IbGridError, OutputError
from ib_grid.storage.lock import sole_writer

HOLD = """
import sys, time
from pathlib import Path
from ib_grid.storage.lock import sole_writer
with sole_writer(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def lock_owner(folder: Path) -> subprocess.Popen[str]:
    """Start another process that locks the folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_second_process_is_told_the_lock_owner(tmp_path: Path) -> None:
    with lock_owner(tmp_path) as process:
        with pytest.raises(OutputError) as caught, sole_writer(tmp_path):
            raise AssertionError
        process.send_signal(signal.SIGKILL)
    said = str(caught.value)
    assert re.search(rf"another run is writing here: process {process.pid} on \S+, since 20", said)
    assert str(tmp_path) in said


def test_killed_process_releases_the_lock(tmp_path: Path) -> None:
    with lock_owner(tmp_path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
    with sole_writer(tmp_path):
        assert f'"process": {os.getpid()}' in (tmp_path / ".lock").read_text()


def test_lock_can_be_taken_again(tmp_path: Path) -> None:
    for _ in range(2):
        with sole_writer(tmp_path):
            assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(OutputError, match="cannot be written"),
        sole_writer(tmp_path / "file"),
    ):
        raise AssertionError


def test_link_in_place_of_the_lock_is_refused(tmp_path: Path) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("not to be emptied")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".lock").symlink_to(mine)
    with pytest.raises(OutputError, match="cannot be written"), sole_writer(tmp_path / "run"):
        raise AssertionError
    assert mine.read_text() == "not to be emptied"


@pytest.mark.parametrize(
    ("number", "kind"), [(errno.ENOSPC, DiskError), (errno.EROFS, OutputError)]
)
def test_full_disk_is_not_invalid_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[IbGridError]
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(kind, match="the folder cannot be written"), sole_writer(tmp_path):
        raise AssertionError
