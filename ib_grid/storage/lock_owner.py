"""Who holds a folder: what a lock says of its process, for whoever finds it taken."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

from ib_grid.storage.timestamps import utc_now


def holder() -> dict[str, str | int]:
    """The process, its host and the time in UTC."""
    return {"process": os.getpid(), "host": socket.gethostname(), "since": utc_now()}


def holder_text(values: Mapping[str, object]) -> str:
    """The words of `holder`, as a person reads them."""
    try:
        return f"process {values['process']} on {values['host']}, since {values['since']}"
    except KeyError:
        return "a process that has not said its name yet"
