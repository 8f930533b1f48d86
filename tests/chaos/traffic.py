"""What is published: a simulated marketplace with orders sent again, changed and broken.

Each message knows what it was made as; what must become of it follows from that and from nothing
that the consumer says. Its number travels in a header, so that the log itself can be asked.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Literal

import msgspec

from fraud_stream.producer.batch import Message
from fraud_stream.producer.malformed import malformed
from fraud_stream.producer.simulation import Wishes, simulate

NUMBER_HEADER = "n"

SENT_AGAIN = 0.02
CHANGED = 0.005
BROKEN = 0.01
"""Chances an order."""

_KEPT = 2_000
"""Among so many of the latest orders is the one that is sent again or changed."""


class Made(msgspec.Struct, frozen=True, gc=False):
    """`version` tells contents under one transaction_id apart; `reason` is a broken one's."""

    kind: Literal["order", "broken", "label"]
    transaction_id: str = ""
    version: int = 0
    reason: str = ""


class Traffic:
    """Endless, in the order in which it is to be sent; the same seed gives the same messages.

    `made` holds what each message was made as, by its number.
    """

    def __init__(self, seed: int) -> None:
        self.made: list[Made] = []
        self._seed = seed
        self._random = Random(f"traffic {seed}")
        self._latest: list[tuple[str, Message]] = []

    def messages(self, stretch: int = 20_000) -> Iterator[tuple[int, bool, Message]]:
        """Number, whether it is a label, key and value."""
        for world in range(1_000_000):
            wishes = Wishes(orders=stretch, seed=self._seed * 1_000 + world)
            for batch in simulate(wishes, now=datetime.now(UTC)).batches:
                for order in batch.orders:
                    yield from self._with_trouble(order)
                for label in batch.labels:
                    yield self._number(label, Made("label", transaction_id(label)))

    def _with_trouble(self, order: Message) -> Iterator[tuple[int, bool, Message]]:
        name = transaction_id(order)
        yield self._number(order, Made("order", name))
        self._remember(name, order)
        chance = self._random.random()
        if chance < SENT_AGAIN:
            name, earlier = self._random.choice(self._latest)
            yield self._number(self._spaced(earlier), Made("order", name))
        elif chance < SENT_AGAIN + CHANGED:
            name, earlier = self._random.choice(self._latest)
            version = len(self.made)
            yield self._number(_changed(earlier, version), Made("order", name, version))
        elif chance < SENT_AGAIN + CHANGED + BROKEN and _breaks_as_named(order):
            message, way = malformed(order, len(self.made), self._random)
            yield self._number(message, Made("broken", reason=way.reason))

    def _remember(self, name: str, order: Message) -> None:
        if len(self._latest) < _KEPT:
            self._latest.append((name, order))
        else:
            self._latest[self._random.randrange(_KEPT)] = (name, order)

    def _spaced(self, order: Message) -> Message:
        """The same content, half of the time in other bytes."""
        key, value = order
        if self._random.random() < 0.5:
            return order
        return key, (value or b"").replace(b'{"', b'{ "', 1)

    def _number(self, message: Message, made: Made) -> tuple[int, bool, Message]:
        self.made.append(made)
        return len(self.made) - 1, made.kind == "label", message


def transaction_id(message: Message) -> str:
    """Of a good order or a label."""
    return msgspec.json.decode(message[1] or b"", type=_Named).transaction_id


def _breaks_as_named(order: Message) -> bool:
    """A refund's items need not add up, and text cut inside of a letter is no UTF-8 either."""
    value = order[1] or b""
    return value.isascii() and b'"transaction_type":"refund"' not in value


class _Named(msgspec.Struct):
    transaction_id: str


def _changed(order: Message, version: int) -> Message:
    """The same transaction_id with other content; still an order by itself."""
    key, value = order
    return key, (value or b"")[:-1] + b',"changed":%d}' % version
