"""Ends a process whose loop no longer goes round, so that a stand-by or a supervisor goes on.

A client library can wait for hours after the machine's clock was set while it waited. Nothing is
lost by ending: what had not been committed is read again.
"""

import logging
import os
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager

import structlog

from fraud_core.errors import StuckError
from fraud_stream.consumer.telemetry import Telemetry

LOOK_EVERY_SECONDS = 5.0

LOOKS = 24
"""Two minutes in all; no wait of the loop's own lasts a quarter of that without a sign of life."""


@contextmanager
def watched(
    telemetry: Telemetry, *, every_seconds: float = LOOK_EVERY_SECONDS, looks: int = LOOKS
) -> Generator[None]:
    """While the block runs, so many looks in a row without a sign of life end the process.

    Looks are counted, not seconds: a process that was frozen has not looked meanwhile.
    """
    ended = threading.Event()
    thread = threading.Thread(
        target=_watch, args=(telemetry, every_seconds, looks, ended), name="watchdog", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _watch(telemetry: Telemetry, every_seconds: float, looks: int, ended: threading.Event) -> None:
    seen, silent = telemetry.alive_at, 0
    while not ended.wait(every_seconds):
        silent = silent + 1 if telemetry.alive_at == seen else 0
        seen = telemetry.alive_at
        if silent >= looks:
            structlog.get_logger().critical(
                "stuck", phase=telemetry.phase, looks=silent, way_out="ends; start it again"
            )
            logging.shutdown()
            sys.stdout.flush()
            os._exit(StuckError.exit_code)  # whatever is stuck would keep anything gentler waiting
