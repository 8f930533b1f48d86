"""Compiled from core/*.c where there was a compiler; see the modules of the same names."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import final

from fraud_core.events import OrderEvent
from fraud_stream.consumer.batch import Record, Terms
from fraud_stream.consumer.binary_rows import Decided, Part
from fraud_stream.consumer.sorting import Decoded

def glance(value: bytes, /) -> int: ...
def quick_orders(
    decode: Callable[[bytes], OrderEvent], records: Sequence[Record], terms: Terms, /
) -> list[OrderEvent | None]: ...
def in_event_time(decoded: Sequence[Decoded], /) -> list[Decoded]: ...
def microseconds(moment: datetime, /) -> int: ...

@final
class BinaryRows:
    def __init__(
        self,
        first: int,
        now: int,
        verdict: Part,
        remarks: Part,
        json: Callable[[object], bytes],
        /,
    ) -> None: ...
    def add(self, decided: Sequence[Decided], /) -> None: ...
    def tables(self) -> tuple[bytes, ...]: ...
