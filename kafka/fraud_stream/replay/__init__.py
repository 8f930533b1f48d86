"""Replay the past: send orders again to a topic apart, or score them anew beside the ledger."""
