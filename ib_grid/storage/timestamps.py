"""Timestamps that records on disk carry."""

from __future__ import annotations

import datetime as dt


def utc_now() -> str:
    """Return the time of day in UTC, ISO 8601 to the second."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
