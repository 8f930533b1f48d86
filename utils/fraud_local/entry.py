"""The program `fraud`: it ends quietly when it is interrupted, also while it is being loaded."""

import sys

INTERRUPTED = 130


def main() -> None:
    """Run the command line; loading it takes long enough for somebody to press Ctrl-C."""
    try:
        from fraud_local.cli import main as command_line

        command_line()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
