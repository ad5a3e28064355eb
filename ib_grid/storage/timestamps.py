"""Timestamps in files."""

from __future__ import annotations

import datetime as dt


def utc_now() -> str:
    """Return the current date and time in UTC, ISO 8601 to the second."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
