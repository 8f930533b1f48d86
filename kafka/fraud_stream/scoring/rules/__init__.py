"""Rules as data: read, checked, compiled once, and weighed into a decision."""
