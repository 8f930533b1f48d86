"""Checks of the whole platform, once a day: each finds the rows that should not be there."""
