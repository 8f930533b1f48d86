"""What was known before an order: the catalogue of windows, and the state they are read from."""
