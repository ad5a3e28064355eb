"""What was checked, as a table; and how far it is, while it runs."""

from __future__ import annotations

import time
from collections.abc import Callable

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines.verify.checks import HOLDS, WRONG, Check, Verification

_PLAIN_SECONDS = 5.0
_STYLE = {"holds": "green", "wrong": "bold red", "not checked": "yellow"}


def show_verification(console: Console, verification: Verification) -> None:
    """Print the table, then each thing that is wrong on a line of its own, then the verdict."""
    checks = verification.checks
    console.print(_table(checks) if console.is_terminal else _plain(checks))
    for check in checks:
        for found in check.wrong:
            console.print(f"wrong: {found}", soft_wrap=True)
    for reason in dict.fromkeys(check.unchecked for check in checks if check.unchecked):
        console.print(f"not checked: {reason}", soft_wrap=True)
    for note in verification.notes:
        console.print(f"note: {note}", soft_wrap=True)
    console.print(_verdict(verification), soft_wrap=True)


def _table(checks: tuple[Check, ...]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), show_edge=False)
    for heading, side in (("what", "left"), ("checked", "right"), ("", "left"), ("", "left")):
        table.add_column(heading, justify=side, no_wrap=True)  # type: ignore[arg-type]
    for check in checks:
        state = Text(check.state, style=_STYLE[check.state])
        table.add_row(check.what, _of(check), check.unit, state)
    return table


def _plain(checks: tuple[Check, ...]) -> Text:
    lines = [f"{check.what}: {_of(check)} {check.unit}, {check.state}" for check in checks]
    return Text("\n".join(lines), no_wrap=True, overflow="ignore")


def _of(check: Check) -> str:
    return f"{check.checked:,} of {check.total:,}"


def _verdict(verification: Verification) -> Text:
    if verification.exit_status == HOLDS:
        return Text("All of it holds.", style="green")
    if verification.exit_status == WRONG:
        n_wrong = sum(len(check.wrong) for check in verification.checks)
        return Text(f"NOT all of it holds: {n_wrong:,} found wrong.", style="bold red")
    return Text("Nothing was found wrong, but not all could be checked.", style="yellow")


def teller(
    console: Console, clock: Callable[[], float] = time.monotonic
) -> Callable[[str, int, int], None]:
    """How far it is: every few seconds a line, on a terminal one that the next replaces."""
    last = clock()

    def tell(what: str, done: int, total: int) -> None:
        nonlocal last
        live = console.is_terminal
        if clock() - last < (_PLAIN_SECONDS / 10 if live else _PLAIN_SECONDS):
            return
        last = clock()
        line = f"{done:,} of {total:,} {what}"
        console.print(f"\r{line:<60}" if live else line, end="\r" if live else "\n")

    return tell
