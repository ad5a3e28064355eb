"""Settings of the news filter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from ib_grid.errors import ConfigError

CoverageMode = Literal["full", "partial"]
COVERAGE_MODES: tuple[CoverageMode, ...] = get_args(CoverageMode)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsSettings:
    """The user's settings of the news filter.

    Attributes
    ----------
    paths : tuple of Path
        Calendar files and folders.
    before_minutes, after_minutes : int
        Minutes blocked before and after an event, both ends included.
    coverage : {"full", "partial"}
        ``full`` refuses to run if a session date lacks news data, ``partial`` runs and lists those
        dates.
    currencies : mapping of symbol to currencies
        Overrides the currencies of the instruments.
    timezone : str or None
        Clock of times without an offset; None for that of the format.
    date_order : str or None
        Order of dates such as 03/05/2024, ``day-first`` or ``month-first``; None if each
        file shows the order.
    """

    enabled: bool = True
    paths: tuple[Path, ...] = ()
    before_minutes: int = 2
    after_minutes: int = 2
    coverage: CoverageMode = "full"
    currencies: Mapping[str, Sequence[str]] = field(default_factory=dict)
    timezone: str | None = None
    date_order: str | None = None

    def __post_init__(self) -> None:
        if self.coverage not in COVERAGE_MODES:
            raise ConfigError(
                f"unknown news coverage {self.coverage!r}", expected=" or ".join(COVERAGE_MODES)
            )
