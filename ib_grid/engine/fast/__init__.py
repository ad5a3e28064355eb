"""The compiled engine: windows, signals, entries, exits, metrics. Never imports `reference`."""
