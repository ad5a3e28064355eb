"""Lock-owner metadata, for the message to those who find a folder locked."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping

from ib_grid.errors import OutputError
from ib_grid.storage.paths import AnyPath
from ib_grid.storage.timestamps import utc_now


def lock_owner() -> dict[str, str | int]:
    """Return this process, its host and the time in UTC."""
    return {"process": os.getpid(), "host": socket.gethostname(), "since": utc_now()}


def parse_lock_owner(content: bytes) -> dict[str, object]:
    """Return the values that a lock owner wrote; empty if the content is unreadable."""
    try:
        values = json.loads(content)
    except ValueError:
        return {}
    return values if isinstance(values, dict) else {}


def owner_text(values: Mapping[str, object]) -> str:
    """Return the lock owner as a person reads it."""
    try:
        return f"process {values['process']} on {values['host']}, since {values['since']}"
    except KeyError:
        return "an unknown process"


def locked_error(folder: AnyPath, owner: Mapping[str, object]) -> OutputError:
    """Return the error for a folder that another run is writing."""
    return OutputError(
        f"another run is writing here: {owner_text(owner)}",
        location=str(folder),
        expected="one run at a time in a folder",
        hint="wait for that run or stop it, or choose another folder with --run-dir",
    )
