"""Commands without what only Linux has: the modules are hidden, workers are spawned."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ib_grid.market.bars import bars_to_frame
from pipelines.inputs.demo import demo_bars
from tests.helpers.paths import ROOT

# Of the standard library on Linux, but not on Windows.
MODULES = ("fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty")
NAMES = {
    "os": (
        *("chown", "fork", "getegid", "geteuid", "getgid", "getloadavg", "getpgid", "getuid"),
        *("killpg", "mkfifo", "nice", "sched_getaffinity", "setsid", "statvfs", "sysconf", "uname"),
    ),
    "time": ("clock_getres", "clock_gettime", "clock_settime", "pthread_getcpuclockid", "tzset"),
    "signal": (
        *("SIGALRM", "SIGCHLD", "SIGHUP", "SIGKILL", "SIGQUIT", "SIGSTOP", "SIGUSR1", "alarm"),
        *("pthread_kill", "pthread_sigmask", "setitimer", "siginterrupt", "sigwait"),
    ),
}
# Each guards the use.
ALLOWED = {
    ("pipelines/cluster/preload.py", "time.clock_gettime"),
    ("pipelines/cluster/preload.py", "time.pthread_getcpuclockid"),
    ("ib_grid/engine/fast/kernel_cache.py", "os.getuid"),
    ("pipelines/cluster/local/fork_server.py", "signal.pthread_sigmask"),
}
HIDE = f"""
import builtins, multiprocessing
find = builtins.__import__
def hiding(name, globals=None, *rest, **more):
    asking = (globals or {{}}).get("__name__", "")
    if name in {MODULES!r} and asking.partition(".")[0] in ("ib_grid", "pipelines"):
        raise ImportError(f"{{asking}} imports {{name}}")
    return find(name, globals, *rest, **more)
builtins.__import__ = hiding
multiprocessing.get_all_start_methods = lambda: ["spawn"]
"""
MAIN = """
import sys
from pipelines.cli.main import main
if __name__ == "__main__":
    main()
"""
GRID = """
ib_sessions = ["08:00-08:30"]
ib_wait_minutes = [0]
trade_window_minutes = [120]
stop_mode = ["eq"]
rr_target = [1.0, 2.0]
tsl_target = [0.0]
tsl_sl = [0.5]
rev_rb_enabled = [false]
ib_buffer_pct = [0.0]
max_distance_pct = [0.5]
"""


def _uses(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        of = node.value if isinstance(node, ast.Attribute) else None
        if isinstance(of, ast.Name) and node.attr in NAMES.get(of.id, ()):
            yield f"{of.id}.{node.attr}"


def test_only_guarded_code_uses_what_windows_lacks() -> None:
    found = {
        (str(path.relative_to(ROOT)), use)
        for package in ("ib_grid", "pipelines")
        for path in (ROOT / package).rglob("*.py")
        for use in _uses(ast.parse(path.read_text()))
    }
    assert found == ALLOWED


@pytest.mark.cluster
def test_a_run_works_with_spawned_workers_and_hidden_modules(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(HIDE)
    (tmp_path / "command.py").write_text(MAIN)
    (tmp_path / "grid.toml").write_text(GRID)
    frame = bars_to_frame(demo_bars()).head(20_000)
    frame.to_csv(tmp_path / "bars.csv", index=False, date_format="%Y-%m-%dT%H:%M:%SZ")
    env = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}

    def command(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "command.py", *words],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    command("prepare", "--symbol", "GER40", "--csv", "bars.csv", "--data-dir", ".")
    command(
        *("run", "--symbol", "GER40", "--data-dir", ".", "--grid", "grid.toml", "--no-news"),
        *("--workers", "1", "--output", "results", "--no-robustness"),
    )
    (run,) = (tmp_path / "results").iterdir()
    assert command("top", str(run)).count("\n") == 3
    assert "total_r" in command("show", str(run), "--format", "csv")
