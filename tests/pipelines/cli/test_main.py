"""The command line itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import ib_grid
from pipelines.cli.streams import Watched
from tests.helpers.machines.full_disk import room_for

_HELP = """
import gc
import sys
from pipelines.cli import main
sys.argv = ["ib-grid", *sys.argv[1:]]
try:
    main.main()
except SystemExit as ended:
    assert not ended.code
assert gc.get_freeze_count()  # not looked through at the end
print(sorted({"dask", "numba", "pandas", "plotly", "pyarrow"} & set(sys.modules)))
modules = [name.split(".") for name in sys.modules if name.startswith("pipelines.cli.commands.")]
print([name[-1] for name in modules if len(name) > 4])
"""

_TOLD_TO_STOP = """
import os
import signal
import sys
from pipelines.cli import main
def command():
    try:
        signal.raise_signal(int(sys.argv[1]))
    finally:
        print("left cleanly")
main.command = command
main.main()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_command_exits_cleanly(number: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _TOLD_TO_STOP, str(int(number))],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "left cleanly\n", "stopped\n")


_TOLD_IN_CODE = """
import os
import signal
import sys
from pipelines.cli import main
def command():
    try:
        interrupt = compile("signal.raise_signal(signal.SIGINT)", sys.argv[1], "exec")
        exec(interrupt, {"signal": signal})
    finally:
        print("left by an exception")
main.command = command
main.main()
"""


@pytest.mark.parametrize(
    "code", ["llvmlite/binding.py", "numba/core/types.py", "distributed/gc.py"]
)
def test_no_exception_is_raised_where_it_would_be_lost(code: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _TOLD_IN_CODE, f"/somewhere/{code}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "stopped\n")


@pytest.mark.parametrize(
    ("command", "shown", "commands"),
    [([], "--version", []), (["run"], "--news-coverage", ["run"]), (["top"], "--by", ["top"])],
)
def test_help_imports_nothing_heavy_and_no_other_command(
    command: list[str], shown: str, commands: list[str]
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _HELP, *command, "--help"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert shown in done.stdout
    assert done.stdout.splitlines()[-2:] == ["[]", str(commands)]


def test_the_sign_of_a_distance_is_explained(
    ib_grid_command: Callable[..., tuple[int, str, str]],
) -> None:
    status, screen, _ = ib_grid_command("news", "check", "--help")
    assert status == 0
    assert "negative if the event is still to come" in " ".join(screen.split())


def command(*words: str, **streams: object) -> subprocess.CompletedProcess[str]:
    """Run a command as a separate process with these streams."""
    typed = [sys.executable, "-m", "pipelines.cli.main", *words]
    return subprocess.run(typed, text=True, timeout=60, check=False, **streams)  # type: ignore[call-overload]


def test_full_output_disk_is_one_message() -> None:
    with Path("/dev/full").open("w") as full:
        done = command("run", "--help", stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert done.stderr.startswith("error: cannot write to standard output (No space left")
    assert "Traceback" not in done.stderr


def test_full_disk_is_status_1_and_invalid_path_2(
    ib_grid_command: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    words = ("instruments", "GER40", "--out")
    with room_for(10):
        status, _, said = ib_grid_command(*words, str(tmp_path / "out.toml"))
    assert (status, said.splitlines()[0]) == (
        1,
        "error: the file cannot be written (File too large)",
    )
    status, _, said = ib_grid_command(*words, "/proc/none/out.toml")
    assert (status, said.startswith("error: the file cannot be written")) == (2, True)


def test_unwritable_messages_do_not_end_the_run() -> None:
    with Path("/dev/full").open("w") as full:
        done = command("run", "--symbol", "DAX", stdout=subprocess.PIPE, stderr=full)
    assert (done.returncode, done.stdout) == (2, "")


def test_closed_pipe_is_not_an_error() -> None:
    pipe = subprocess.Popen(["true"], stdin=subprocess.PIPE)
    pipe.wait(timeout=60)
    done = command("run", "--help", stdout=pipe.stdin, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (0, "")
    assert pipe.stdin
    pipe.stdin.close()


def test_unreadable_dask_configuration_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "dask.yaml").write_text("a: [1,\nb: {")
    done = command(
        *("info", "--symbol", "GER40", "--data", str(tmp_path)),
        env={**os.environ, "DASK_CONFIG": str(tmp_path / "dask.yaml")},
        capture_output=True,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: Dask's configuration cannot be read (A dask config file")
    assert "Traceback" not in done.stderr


def test_a_closed_output_takes_everything() -> None:
    stream = Watched(None, may_fail=False)
    assert stream.write("into nothing") == 12
    stream.flush()
    assert stream.lost is None
    stream.close()


def test_error_of_another_file_is_not_blamed_on_the_output(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OSError(28, "another file")

    monkeypatch.setattr("pipelines.cli.app.app", fail)
    from pipelines.cli import main

    with pytest.raises(OSError, match="another file"):
        main.command()


def test_the_version(ib_grid_command: Callable[..., tuple[int, str, str]]) -> None:
    assert ib_grid_command("--version") == (0, f"ib-grid {ib_grid.__version__}\n", "")
