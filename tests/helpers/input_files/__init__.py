"""Files as brokers and news calendars export them, and files that are wrong."""
