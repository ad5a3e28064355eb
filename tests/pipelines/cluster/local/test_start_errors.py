"""A local cluster that does not start says why, in one message."""

from __future__ import annotations

import errno
import os
import resource
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from ib_grid.errors import ClusterError
from pipelines.cluster.local import open_files
from pipelines.cluster.local.start_errors import start_error

FOLDERS = "TMPDIR can name another folder"


def system_error(number: int, file: str | None = None) -> OSError:
    return OSError(number, os.strerror(number), file)


@pytest.mark.parametrize(
    ("cause", "found", "hint"),
    [
        (system_error(errno.EMFILE), "Too many open files", "ulimit -n"),
        (system_error(errno.EAGAIN), "Resource temporarily unavailable", "ulimit -u"),
        (system_error(errno.ENOMEM), "Cannot allocate memory", "fewer --workers"),
        (system_error(errno.ENOSPC), "No space left on device", "/dev/shm"),
        (system_error(errno.ENOSPC, "/t/a"), "No space left on device: /t/a", FOLDERS),
        (system_error(errno.EROFS, "/t/a"), "Read-only file system: /t/a", FOLDERS),
        (system_error(errno.EADDRINUSE), "Address already in use", "another --dashboard-address"),
        (socket.gaierror(-2, "Name or service not known"), "Name or service", "or --listen"),
        (TimeoutError(), "TimeoutError", "fewer --workers"),
    ],
)
def test_the_cause_is_named_with_what_to_do(cause: Exception, found: str, hint: str) -> None:
    error = RuntimeError("Cluster failed to start")
    error.__cause__ = RuntimeError("Nanny failed to start")
    error.__cause__.__context__ = cause
    told = start_error("2 workers", error)
    assert told.message.startswith(f"2 workers could not be started ({found}")
    assert hint in told.hint
    assert ("TMPDIR" in told.hint) is (FOLDERS in told.hint)


def test_an_error_without_a_cause_is_told_itself() -> None:
    assert "(no luck)" in start_error("2 workers", RuntimeError("no luck")).message


@pytest.mark.parametrize(
    ("soft", "hard", "limit"),
    [
        (1024, 4096, 4096),
        (1024, 1 << 30, 65_536),
        (1024, resource.RLIM_INFINITY, 65_536),
        (100_000, 1 << 30, 100_000),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, 65_536),
    ],
)
def test_limit_is_raised_as_far_as_needed(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, limit: int
) -> None:
    changed = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: changed.append(limits))
    assert open_files.raise_limit() == limit
    assert changed == ([(limit, hard)] if 0 <= soft < limit else [])
    open_files.check_limit(90)


def test_too_few_open_files_are_told_before_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 256))
    open_files.check_limit(20)
    with pytest.raises(ClusterError, match="90 workers need 1,025 open files, but only 256") as e:
        open_files.check_limit(90)
    assert e.value.hint == "allow more with `ulimit -n 1025`, or use fewer --workers"


_START = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))
from pipelines.cluster.local.local_cluster import OwnCluster
with OwnCluster(workers=2).open(2):
    pass
"""


def test_very_few_open_files_give_one_message(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _START], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.stderr.count("Traceback") == 1  # of this script itself
    assert "2 workers need 57 open files, but only 20 are allowed" in done.stderr
