"""The stack on one machine, without containers, and the `fraud` command line."""
