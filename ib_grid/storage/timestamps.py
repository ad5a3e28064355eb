"""The current time, for files and for the age of sources."""

from __future__ import annotations

import datetime as dt


def utc_now() -> str:
    """Return the current date and time in UTC, ISO 8601 to the second."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def utc_today() -> dt.date:
    """Return today's date in UTC."""
    return dt.datetime.now(dt.UTC).date()
