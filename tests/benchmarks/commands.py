"""Compare the CPU time of the README's commands in two checkouts of the project.

    python -m tests.benchmarks.commands OTHER --csv exports/ --rounds 7

Runs every command in the checkout OTHER and in this one in turns and prints the median CPU seconds
of both, with those of all processes that a command starts. Commands and flags that a checkout does
not have are left out there. The folder for the results (`--folder`) is kept, so that a later call
can measure some commands only, such as `top show`.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

RUN = "run --symbol GER40 --grid expanded --no-news"
COMMANDS = {
    "help": "--help",
    "help of run": "run --help",
    "glossary": "glossary",
    "prepare": "prepare --symbol GER40 --csv {csv}",
    "levels": "levels --symbol GER40",
    "info": "info --symbol GER40 --grid expanded --no-news",
    "run, other fills": f"{RUN} --no-robustness --run-dir b --execution original",
    "run": f"{RUN} --no-robustness --run-dir a",
    "top": "top results/a",
    "top, where": "top results/a --by sharpe_ratio --where|tsl_target > 0 and max_drawdown < 12",
    "show": "show results/a --rank 1",
    "show, chart": "show results/a --rank 1 --chart best.html",
    "groups": "groups results/a --strict",
    "compare": "compare results/a results/b",
    "portfolio": "portfolio results/a@1 results/b:77 --chart p.html",
    "trades": "trades --symbol GER40 --params results/a/GER40_best_params.json --no-news"
    " --out trades.csv",
    "export": "export results/a --rank 1 --format set --out a.set",
    "verify": "verify results/a --seed 1",
    "report": "report results/a",
    "report, Excel": "report results/a --excel",
    "demo, no robustness": "demo --no-robustness",
    "demo": "demo",
    "rules": "rules",
    "account": "account results/a --rank 1 --risk-pct 0.5",
    "challenge": "challenge results/a --rules ftmo_2step",
    "stress": "stress results/a",
    "robustness": "robustness results/a",
}
# These take seconds to minutes; two rounds tell enough.
LONG = ("run", "report", "demo", "verify", "stress", "robustness", "challenge")
# What a command would otherwise find done.
MADE = {"prepare": "data", "run, other fills": "results/b", "run": "results/a"}
_BECOME_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of Linux: orphans become children of this process


def main() -> None:
    parser = _parser()
    asked = parser.parse_args()
    if unknown := [name for name in asked.commands if name not in COMMANDS]:
        parser.error(f"unknown command {unknown[0]}; known: {'; '.join(COMMANDS)}")
    ctypes.CDLL(None).prctl(_BECOME_SUBREAPER, 1)
    trees = {"other": asked.other.resolve(), "this": Path.cwd()}
    print(f"{'command':<22}{'other s':>9}{'this s':>9}{'ratio':>8}  lowest  load", flush=True)
    for name in asked.commands or COMMANDS:
        rounds = min(asked.rounds, 2) if name.startswith(LONG) else asked.rounds
        seconds = {label: [] for label in trees}
        for turn in range(-1, rounds):  # the first one fills caches
            for label, tree in trees.items():
                used = _seconds(name, tree, asked.folder / label, asked.csv)
                if used is not None and turn >= 0:
                    seconds[label].append(used)
        print(_line(name, *seconds.values()), flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("other", type=Path, help="another checkout")
    parser.add_argument("commands", nargs="*", help="some of COMMANDS, by default all")
    parser.add_argument("--csv", type=Path, required=True, help="bars of GER40 as CSV files")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "commands")
    return parser


def _seconds(name: str, tree: Path, folder: Path, csv: Path) -> float | None:
    """Return the CPU seconds of a command in a checkout, or None if the checkout lacks it."""
    folder.mkdir(parents=True, exist_ok=True)
    made = "demo" if name.startswith("demo") else MADE.get(name)
    if made:
        shutil.rmtree(folder / made, ignore_errors=True)
    words, _, condition = COMMANDS[name].format(csv=csv.resolve()).partition("|")
    command = [*words.split(), *filter(None, [condition])]
    status, seconds, errors = _run(command, tree, folder)
    if status == 2 and "No such option: --no-robustness" in errors:
        command.remove("--no-robustness")
        status, seconds, errors = _run(command, tree, folder)
    if status == 2 and "No such command" in errors:
        return None
    if status:
        raise SystemExit(f"{name} in {tree} ended with {status}: {errors}")
    return seconds


def _run(command: list[str], tree: Path, folder: Path) -> tuple[int, float, str]:
    """Run a command to the end of all its processes; return status, CPU seconds and errors."""
    env = {**os.environ, "PYTHONPATH": str(tree), "XDG_CACHE_HOME": str(folder / "cache")}
    env.pop("PYTHONDONTWRITEBYTECODE", None)  # would leave the bytecode cache empty
    typed = [sys.executable, "-m", "pipelines.cli.main", *command]
    messages = folder / "messages.txt"
    with messages.open("w") as errors, (folder / "screen.txt").open("w") as screen:
        process = subprocess.Popen(typed, cwd=folder, env=env, stdout=screen, stderr=errors)
        seconds, status = 0.0, 0
        while True:
            try:
                pid, ended, usage = os.wait4(-1, 0)
            except ChildProcessError:
                break
            seconds += usage.ru_utime + usage.ru_stime
            if pid == process.pid:
                status = process.returncode = os.waitstatus_to_exitcode(ended)
    return status, seconds, messages.read_text()


def _line(name: str, other: list[float], this: list[float]) -> str:
    cells = [f"{statistics.median(values):9.3f}" if values else " " * 9 for values in (other, this)]
    ratios = [function(this) / function(other) for function in (statistics.median, min) if other]
    shown = "".join(f"{ratio:8.3f}" for ratio in ratios) or f"{'new':>8}"
    return f"{name:<22}{''.join(cells)}{shown}  {os.getloadavg()[0]:.1f}"


if __name__ == "__main__":
    main()
