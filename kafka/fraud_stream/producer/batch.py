"""A stretch of the stream, as it goes from whoever makes it to whoever sends it."""

import msgspec

Message = tuple[bytes | None, bytes | None]
"""Key and value, as Kafka has them."""


class Batch(msgspec.Struct):
    """Orders with their event times in UTC milliseconds, and labels known by the same time.

    `duplicates` and `malformed` say how many of the messages are sent on purpose again or broken.
    """

    at: list[int]
    orders: list[Message]
    labels: list[Message]
    duplicates: int = 0
    malformed: int = 0
