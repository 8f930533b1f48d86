"""The order stream: who produces it, how it is scored, and how it lands."""
