"""What the consumer does in C where there was a compiler at installation, and else in Python."""

try:
    from fraud_stream.consumer._core import (
        BinaryRows,
        glance,
        in_event_time,
        microseconds,
        quick_orders,
    )
except ImportError:  # installed without a C compiler
    from fraud_stream.consumer.binary_rows import BinaryRows
    from fraud_stream.consumer.glance import glance
    from fraud_stream.consumer.quick import quick_orders
    from fraud_stream.consumer.sorting import in_event_time
    from fraud_stream.scoring.order.clock import microseconds

__all__ = ("BinaryRows", "glance", "in_event_time", "microseconds", "quick_orders")
