"""What was checked of a run, of how much, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

HOLDS, WRONG, NOT_CHECKED = 0, 1, 3

# Is told what is being done, how many of it are done and of how many.
Tell = Callable[[str, int, int], None]

State = Literal["holds", "wrong", "not checked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was checked.

    Attributes
    ----------
    what : str
        What it is that holds or not.
    checked, total : int
        How many of them were looked at, of how many there are to be.
    unit : str
        What is counted.
    wrong : tuple of str
        What does not hold, each with its place.
    unchecked : str
        Why not all could be checked; empty if all was.
    """

    what: str
    checked: int
    total: int
    unit: str
    wrong: tuple[str, ...] = ()
    unchecked: str = ""

    @property
    def state(self) -> State:
        """What came of it: what is wrong counts for more than what was left out."""
        if self.wrong:
            return "wrong"
        return "not checked" if self.unchecked else "holds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """All that was checked of a run.

    Attributes
    ----------
    checks : tuple of Check
    notes : tuple of str
        What the person should know besides.
    """

    checks: tuple[Check, ...]
    notes: tuple[str, ...] = ()

    @property
    def exit_status(self) -> int:
        """0 if all was checked and holds, 1 if anything is wrong, 3 if not all could be checked."""
        states = {check.state for check in self.checks}
        if "wrong" in states:
            return WRONG
        return NOT_CHECKED if "not checked" in states else HOLDS
