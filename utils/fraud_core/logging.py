"""Structured logs: one event a line, UTC, as JSON for programs or coloured for people."""

import logging
import sys
import threading
import traceback
from pathlib import Path
from types import TracebackType

import structlog

from fraud_core.settings import Settings


def configure_logging(settings: Settings, *, component: str) -> None:
    """Set up structlog for this process; every line carries `component`.

    Logs go to standard error, so that a command's output on standard output stays usable.
    """
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[settings.log_level]
        ),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(component=component)


_ABOUT_CODE = (TypeError, AttributeError, NameError, ImportError, OSError, MemoryError)
"""Errors whose messages speak of code, files and addresses, never of what a message holds."""

_INNERMOST = 10
"""Frames that a crash names."""


def log_crashes_without_values() -> None:
    """Let an unexpected end say where it happened and what kind it was, and little more.

    An error's own message may quote a row or a message, and with it somebody's personal data.
    """
    sys.excepthook = _crashed
    threading.excepthook = lambda crash: _crashed(
        crash.exc_type, crash.exc_value, crash.exc_traceback
    )


def _crashed(
    kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
) -> None:
    says = str(error) if isinstance(error, _ABOUT_CODE) else "(not shown: it may quote a value)"
    structlog.get_logger().critical(
        "crashed",
        error=kind.__name__,
        says=says,
        at=[
            f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(trace)[-_INNERMOST:]
        ],
    )
