"""Economic calendars, the minutes that they block, and the dates that they do not cover.

High-impact events in the currencies of an instrument block entries around their minute. A date
without events is not the same as a date that no calendar covers.

May import errors, storage, market and grid.
"""
