"""Sends on what has landed: alerts about flagged orders, copies of dead letters."""
