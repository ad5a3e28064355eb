"""Output formats of tables and exports."""

from __future__ import annotations

from enum import StrEnum


class Format(StrEnum):
    """How a table is given out; ``auto`` is ``table`` on a terminal, else ``csv``."""

    AUTO = "auto"
    TABLE = "table"
    CSV = "csv"
    JSON = "json"


class ExportFormat(StrEnum):
    """What to write a set as."""

    JSON = "json"
    SET = "set"
    PY = "py"
