"""The fork server, and the preload of workers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.helpers.paths import ROOT

_START = """
import os
import tempfile
from multiprocessing import forkserver, util
from pipelines.cluster.local import fork_server
fork_server._WORKER_MODULES = []  # imports do not matter here
before = tempfile.gettempdir(), dict(os.environ)
fork_server.start_fork_server()
assert (tempfile.gettempdir(), dict(os.environ)) == before
print(forkserver._forkserver._forkserver_address)
forkserver._forkserver._stop()
"""


def test_a_long_temporary_folder_works(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", _START],
        env={**os.environ, "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.strip()) < 108
    assert not Path(done.stdout.strip()).exists()


_ORPHANED = """
import os
from multiprocessing import get_context
from pipelines.cluster.local import fork_server
fork_server._WORKER_MODULES = []
if __name__ == "__main__":
    fork_server.start_fork_server()
    context = get_context("forkserver")
    context.Process().start()
    for _ in range(8):
        context.Process(args=(context.Event(),)).start()
    os._exit(9)
"""


def test_nobody_speaks_for_a_killed_main_process(tmp_path: Path) -> None:
    script = tmp_path / "orphaned.py"
    script.write_text(_ORPHANED)
    # The output ends when the last process has closed its end.
    done = subprocess.run(
        [sys.executable, script],
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (9, "")


_FORKED = """
import gc, sys
import pipelines.cluster.preload
assert gc.isenabled()
assert {"dask.bag", "distributed.nanny", "distributed.worker", "numba"} <= set(sys.modules)
assert gc.get_freeze_count() > 100 * len(gc.get_objects())
"""


def test_shared_memory_is_exempt_from_garbage_collection() -> None:
    subprocess.run([sys.executable, "-c", _FORKED], check=True, timeout=120)
