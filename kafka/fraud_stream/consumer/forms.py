"""What the consumer does in C where there was a compiler at installation, and else in Python."""

from typing import Literal

from fraud_core.errors import SettingsError

try:
    from fraud_stream.consumer._core import (
        Alignment,
        BinaryRows,
        glance,
        in_event_time,
        microseconds,
        quick_orders,
    )
except ImportError:  # installed without a C compiler, or for another msgspec
    from fraud_stream.consumer.alignment import Alignment
    from fraud_stream.consumer.binary_rows import BinaryRows
    from fraud_stream.consumer.glance import glance
    from fraud_stream.consumer.quick import quick_orders
    from fraud_stream.consumer.sorting import in_event_time
    from fraud_stream.scoring.order.clock import microseconds

__all__ = (
    "FORM",
    "Alignment",
    "BinaryRows",
    "glance",
    "in_event_time",
    "insist",
    "microseconds",
    "quick_orders",
)

FORM: Literal["compiled", "python"] = (
    "compiled" if microseconds.__module__.endswith("_core") else "python"
)
"""What looks messages over and writes rows."""


def insist(form: str) -> None:
    """Raise SettingsError when `form` is the compiled one and it is not there."""
    if form == "compiled" and form != FORM:
        raise SettingsError(
            "what reads messages and writes rows is not there in its compiled form: install a C "
            "compiler and Python's headers and run `make setup` again, or set SCORER_FORM=auto"
        )
