"""How one tells a command to stop, and the status that it ends with; nothing heavy is imported."""

from __future__ import annotations

import signal

INTERRUPTED = 130
# The second, too: workers and their folder are to be left cleanly however one is told to stop.
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
