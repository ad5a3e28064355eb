"""A Dask scheduler and workers as separate processes, each in its own folder."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.helpers.paths import ROOT

WAIT_SECONDS = 60.0

# Put before all else on a worker's path: it lacks ib-grid, or says that a package is another one.
NO_IB_GRID = """
import sys

class Lacking:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("ib_grid", "pipelines"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Lacking())
"""
OTHER_NUMBA = """
import importlib.metadata

version = importlib.metadata.version
importlib.metadata.version = lambda name: "0.1.2" if name == "numba" else version(name)
"""
OTHER_RESULTS = """
import ib_grid.engine.results_version

ib_grid.engine.results_version.RESULTS_VERSION += 1
"""


@dataclass(slots=True)
class ExternalCluster:
    """A scheduler and workers on loopback, as on other machines.

    Attributes
    ----------
    folder : Path
        Each process works in a folder of its own below it.
    protocol : str
    words : tuple of str
        Options of all of them, such as those of TLS.
    environment : mapping
        Of all of them, besides what they need to start.
    """

    folder: Path
    protocol: str = "tcp"
    words: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    address: str = ""
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, workers: int) -> None:
        """Start a scheduler and some workers."""
        file = self.folder / "scheduler.json"
        options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
        options += ["--protocol", self.protocol, "--scheduler-file", str(file)]
        self._process("scheduler", "distributed.cli.dask_scheduler", options)
        self.wait_for(lambda: file.is_file() and file.read_text().endswith("}"))
        self.address = json.loads(file.read_text())["address"]
        for number in range(workers):
            self.worker(f"worker-{number}")
        for number in range(workers):
            self.wait_for_worker(f"worker-{number}")

    def wait_for_worker(self, name: str) -> None:
        """Wait until the scheduler knows a worker."""
        self.wait_for(lambda: "Registered to" in self.said(name))

    def address_of(self, name: str) -> str:
        """Return the address of a worker."""
        return re.findall(r"Start worker at: *(\S+)", self.said(name))[0]

    def worker(self, name: str, start_up: str = "") -> None:
        """Start one more worker, which runs the code `start_up` first; do not wait for it."""
        options = [self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard"]
        options += ["--name", name, "--local-directory", "."]
        self._process(name, "distributed.cli.dask_worker", options, start_up)

    def _process(self, name: str, module: str, options: list[str], start_up: str = "") -> None:
        place = self.folder / name
        place.mkdir()
        (place / "start_up").mkdir()
        (place / "start_up" / "sitecustomize.py").write_text(start_up)
        kept = {name: value for name, value in os.environ.items() if _is_kept(name)}
        paths = os.pathsep.join((str(place / "start_up"), str(ROOT)))
        with (place / "log.txt").open("wb") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", module, *options, *self.words],
                cwd=place,
                env={**kept, "PYTHONPATH": paths, **self.environment},
                stdout=log,
                stderr=log,
            )

    def kill(self, name: str) -> None:
        """Kill a process without warning, as a power cut does."""
        self.processes[name].kill()
        self.processes[name].wait()

    def said(self, name: str) -> str:
        """Return the log of a process."""
        return (self.folder / name / "log.txt").read_text()

    def wait_for(self, happened: Callable[[], bool]) -> None:
        """Wait for an event while all processes live."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not happened():
            assert time.monotonic() < deadline, f"not within {WAIT_SECONDS} s"
            for name, process in self.processes.items():
                assert process.poll() in (None, -9), self.said(name)
            time.sleep(0.01)

    def end(self) -> None:
        """End all remaining processes."""
        for process in self.processes.values():
            process.kill()
        for process in self.processes.values():
            process.wait()


def _is_kept(name: str) -> bool:
    """Return True if a separate machine would have this variable too."""
    return name in ("PATH", "HOME", "LANG", "TZ", "XDG_CACHE_HOME") or name.startswith("NUMBA_")


def certificates(folder: Path) -> tuple[Path, Path, Path]:
    """Write PEM files for loopback: an authority, a certificate signed by it, and its key."""
    ca, ca_key, cert, key = (folder / f"{name}.pem" for name in ("ca", "ca-key", "cert", "key"))
    request = folder / "request.pem"
    new_key = ("-newkey", "rsa:2048", "-nodes")
    _openssl("req", "-x509", *new_key, "-keyout", ca_key, "-out", ca, "-subj", "/CN=authority")
    _openssl("req", *new_key, "-keyout", key, "-out", request, "-subj", "/CN=127.0.0.1")
    signed_by = ("-CA", ca, "-CAkey", ca_key, "-CAcreateserial")
    _openssl("x509", "-req", "-in", request, *signed_by, "-days", "2", "-out", cert)
    return ca, cert, key


def _openssl(*words: object) -> None:
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)
