"""Real data through the same door: rows of a file become order events by a mapping that is data."""
