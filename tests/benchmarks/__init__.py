"""Speed and memory, measured on request; not part of the test command."""
