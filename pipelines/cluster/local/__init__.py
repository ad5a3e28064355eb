"""Worker processes on this machine: their start, their fork server and their dashboard."""
