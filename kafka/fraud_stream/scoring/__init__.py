"""Pure scoring: an order and the state before it in, a decision out; no I/O and no clock."""
