"""Output formats of tables and exports."""

from __future__ import annotations

from enum import StrEnum


class Format(StrEnum):
    """Output format of a table; ``auto`` is ``table`` on a terminal, else ``csv``."""

    AUTO = "auto"
    TABLE = "table"
    CSV = "csv"
    JSON = "json"


class ExportFormat(StrEnum):
    """File format of an exported combination."""

    JSON = "json"
    SET = "set"
    PY = "py"
