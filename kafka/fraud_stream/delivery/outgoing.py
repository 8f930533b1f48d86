"""What goes from a channel to the broker."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

MOST_MESSAGES = 500
MOST_BYTES = 8 * 1024 * 1024
"""Of one page: what is sent, acknowledged and ticked off together. One message may be larger."""


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """One message, as the broker is to have it."""

    key: bytes | None
    value: bytes | None
    headers: Mapping[str, str]


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """The next messages of a channel, in order; `last_id` is where the channel stands after them.

    It can hold fewer messages than ids: what a ledger's retention has taken is not sent any more.
    """

    last_id: int
    messages: Sequence[Outgoing]


class Channel(Protocol):
    """One table whose committed rows are sent to one topic, in the order of their ids."""

    @property
    def name(self) -> str:
        """Under which raw.publication_positions keeps how far it was sent."""
        ...

    @property
    def topic(self) -> str:
        """Where it is sent to."""
        ...

    def page(self, cursor: Cursor, after: int) -> Page | None:
        """What comes after the id `after`; None when there is nothing."""
        ...

    def in_place_of(self, message: Outgoing) -> Outgoing:
        """What is sent of a message that is too large for the topic.

        Raises StreamError where nothing less will do; the channel then waits for a larger topic.
        """
        ...


def place(topic: str, partition: int, offset: int) -> str:
    """Coordinates as one word, as the headers `event_id` and `replay_of` have them."""
    return f"{topic}/{partition}/{offset}"
