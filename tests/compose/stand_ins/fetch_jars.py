"""Put Kafka's jars into a folder: those that the embedded broker runs on, checked like them."""

import sys
from pathlib import Path

from fraud_local.jars import LOCK_FILE, ensure_jars, read_lock

if __name__ == "__main__":
    ensure_jars(read_lock(LOCK_FILE.read_text()), Path(sys.argv[1]), lambda _have, _all: None)
