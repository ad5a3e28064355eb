"""Checks of a run and their outcome."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

PASSED, FAILED, NOT_CHECKED = 0, 1, 3

# Called with the current work, the number of items done and their total.
Progress = Callable[[str, int, int], None]

State = Literal["passed", "failed", "not checked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check of a run.

    Attributes
    ----------
    checked, total : int
        Number of items checked, and number of all items.
    problems : tuple of str
        Everything found wrong, each with its location.
    unchecked : str
        Reason why some items could not be checked; empty if all were.
    """

    name: str
    checked: int
    total: int
    unit: str
    problems: tuple[str, ...] = ()
    unchecked: str = ""

    @property
    def state(self) -> State:
        """The outcome; a problem outweighs items that could not be checked."""
        if self.problems:
            return "failed"
        return "not checked" if self.unchecked else "passed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """All checks of a run."""

    checks: tuple[Check, ...]
    notes: tuple[str, ...] = ()

    @property
    def exit_status(self) -> int:
        """0 if every check passed, 1 if one failed, 3 if some could not be completed."""
        states = {check.state for check in self.checks}
        if "failed" in states:
            return FAILED
        return NOT_CHECKED if "not checked" in states else PASSED
