"""Lengths of time in milliseconds, the unit of event time in the simulation."""

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
