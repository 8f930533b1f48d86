"""The stream's own answer to "are you well?": `python -m fraud_local.healthy`, in a container.

Asks the consumer of this container whether it is active or standing by and reaches Kafka and
Postgres. Runs every few seconds, so it imports next to nothing.
"""

import os
import sys
from http.client import HTTPConnection, HTTPException

PATIENCE_SECONDS = 5.0


def is_ready(port: int) -> bool:
    """Whether /readyz answers 200."""
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(0 if is_ready(int(os.environ["METRICS_PORT"])) else 1)
