"""Table of the variations: name, tie-break, and the combinations in which each applies.

The result columns, the reports and both engines follow this table; only the signals themselves are
in `ib_grid.engine.fast.signals` and `ib_grid.engine.reference.signals`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """An entry rule (STRATEGY.md, section 3).

    Attributes
    ----------
    name : str
        As in the column ``variation`` of trades.
    priority : int
        Of candidates at the same moment the lowest wins (STRATEGY.md, section 4).
    text : str
        The combinations in which the variation applies, for readers.
    columns : tuple of str
        The parameter columns that decide it.
    counts : callable
        The same as a function of these columns: bool array, shape (n_rows,).
    """

    name: str
    priority: int
    text: str
    columns: tuple[str, ...]
    counts: Callable[[Mapping[str, NDArray[Any]]], NDArray[np.bool_]]

    @property
    def prefix(self) -> str:
        """Prefix of the variation's result columns."""
        return f"{self.name.lower()}_"


_TABLE = (
    Variation(
        name="OCAE",
        priority=1,
        text="tsl_target > 0",
        columns=("tsl_target",),
        counts=lambda c: c["tsl_target"] > 0,
    ),
    Variation(
        name="TCWE",
        priority=2,
        text="tsl_target > 0 and rr_target >= 1",
        columns=("tsl_target", "rr_target"),
        counts=lambda c: (c["tsl_target"] > 0) & (c["rr_target"] >= 1),
    ),
    Variation(
        name="Reverse",
        priority=0,
        text="stop_mode is eq",
        columns=("stop_mode",),
        counts=lambda c: c["stop_mode"] == "eq",
    ),
    Variation(
        name="REV_RB",
        priority=3,
        text="rev_rb_enabled",
        columns=("rev_rb_enabled",),
        counts=lambda c: c["rev_rb_enabled"].astype(bool),
    ),
)
VARIATION_RULES = {variation.name: variation for variation in _TABLE}
VARIATIONS = tuple(VARIATION_RULES)
PREFIXES = tuple(variation.prefix for variation in _TABLE)
