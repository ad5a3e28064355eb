"""Temporary folders: private, removed, and removed by a later run after a kill."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from pipelines.cluster.interrupts import INTERRUPTED
from pipelines.cluster.local.temporary_folder import temporary_folder

_KILLED = """
import os
from pipelines.cluster.local.temporary_folder import temporary_folder
with temporary_folder() as folder:
    open(os.path.join(folder, "spilled"), "w").close()
    os._exit(9)
"""

_STOPPED = """
import os
from pipelines.cluster.interrupts import exit_at_once, tell_when_stopped
from pipelines.cluster.local.temporary_folder import temporary_folder
with tell_when_stopped("bye"), temporary_folder() as folder:
    open(os.path.join(folder, "tls.pem"), "w").close()
    exit_at_once()
"""


def test_stopped_at_once_leaves_nothing(tmp_path: Path) -> None:
    stopped = subprocess.run(
        [sys.executable, "-c", _STOPPED],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stderr=subprocess.PIPE,
        check=False,
    )
    assert stopped.returncode == INTERRUPTED
    assert stopped.stderr == b"bye\n"
    assert not list(tmp_path.iterdir())


def test_left_by_a_killed_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED], env={**os.environ, "TMPDIR": str(tmp_path)}, check=False
    )
    assert killed.returncode == 9
    (left,) = tmp_path.iterdir()
    assert (left / "spilled").exists()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with temporary_folder() as first, temporary_folder() as second:
        assert {path.name for path in tmp_path.iterdir()} == {Path(first).name, Path(second).name}
        assert Path(first).stat().st_mode & 0o777 == 0o700
    assert not list(tmp_path.iterdir())
