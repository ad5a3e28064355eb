"""Exports of brokers and news calendars, and invalid files."""
