"""A stretch of the stream, as it goes from whoever makes it to whoever sends it."""

from typing import Literal

import msgspec

Message = tuple[bytes | None, bytes | None]
"""Key and value, as Kafka has them."""
Kind = Literal["order", "duplicate", "malformed"]
"""An order, one that is sent again on purpose, or one that is broken on purpose."""


class Batch(msgspec.Struct):
    """Orders with their event times in UTC milliseconds, and labels known by the same time.

    `kinds` says what each of the messages is; where it is empty all of them are orders.
    """

    at: list[int]
    orders: list[Message]
    labels: list[Message]
    kinds: list[Kind] = []


class _Named(msgspec.Struct):
    transaction_id: str


_named = msgspec.json.Decoder(_Named)


def transaction_id(order: Message) -> bytes:
    """The id of an order that is not broken; the labels about it have it as their key."""
    return _named.decode(order[1] or b"").transaction_id.encode()
