"""Verification results and progress on the terminal."""

from __future__ import annotations

import time
from collections.abc import Callable

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines.render.numbers import plural
from pipelines.render.tables import Column, fit, table_of
from pipelines.verify.checks import FAILED, PASSED, Check, Progress, Verification

_PLAIN_SECONDS = 5.0


def show_verification(console: Console, verification: Verification) -> None:
    """Print the checks, then one line per problem, then the verdict."""
    checks = verification.checks
    console.print(_table(checks, console.width) if console.is_terminal else _plain(checks))
    for check in checks:
        for problem in check.problems:
            console.print(f"problem: {problem}", soft_wrap=True)
    for reason in dict.fromkeys(check.unchecked for check in checks if check.unchecked):
        console.print(f"not checked: {reason}", soft_wrap=True)
    for note in verification.notes:
        console.print(f"note: {note}", soft_wrap=True)
    console.print(_verdict(verification), soft_wrap=True)


def _table(checks: tuple[Check, ...], width: int) -> Table | Text:
    """Return the checks as a table, or as lines where a table would cut words."""
    rows = [(check.name, f"{_count(check)} {check.unit}", check.state) for check in checks]
    frame = pd.DataFrame(rows, columns=["check", "checked", "result"])
    columns = [Column(name, name, left=True) for name in map(str, frame)]
    shown, gap = fit(frame, columns, width)
    return table_of(frame, shown, gap) if len(shown) == len(columns) else _plain(checks)


def _plain(checks: tuple[Check, ...]) -> Text:
    lines = [f"{check.name}: {_count(check)} {check.unit}, {check.state}" for check in checks]
    return Text("\n".join(lines), no_wrap=True, overflow="ignore")


def _count(check: Check) -> str:
    return f"{check.checked:,} of {check.total:,}"


def _verdict(verification: Verification) -> Text:
    if verification.exit_status == PASSED:
        return Text("All checks passed.", style="green")
    if verification.exit_status == FAILED:
        n = sum(len(check.problems) for check in verification.checks)
        return Text(f"FAILED: {plural(n, 'problem')} found.", style="bold red")
    return Text("No problems found, but not everything could be checked.", style="yellow")


def progress_printer(console: Console, clock: Callable[[], float] = time.monotonic) -> Progress:
    """Return a function that prints progress every few seconds, on a terminal in place."""
    last = clock()

    def progress(what: str, done: int, total: int) -> None:
        nonlocal last
        live = console.is_terminal
        if live and done == total:
            console.print(f"\r{'':<60}", end="\r")
            return
        if clock() - last < (_PLAIN_SECONDS / 10 if live else _PLAIN_SECONDS):
            return
        last = clock()
        line = f"{done:,} of {total:,} {what}"
        console.print(f"\r{line:<60}" if live else line, end="\r" if live else "\n")

    return progress
