"""Repeated sends, broken messages and disorder, injected on purpose into an orderly stream."""

from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from random import Random

from fraud_stream.producer.batch import Batch, Kind, Message, transaction_id
from fraud_stream.producer.malformed import malformed

RESENT_AFTER = 60_000
"""Mean milliseconds of event time until an order is sent a second time."""


class Disorder:
    """Delays and adds messages; of the orders themselves none is lost.

    `duplicates` and `broken` are chances an order; `shuffle` is the longest delay in milliseconds
    of event time. Memory is that of the delayed messages. A label waits with the order that it is
    about.
    """

    def __init__(self, seed: int, *, duplicates: float, broken: float, shuffle: int) -> None:
        self._random = Random(f"disorder {seed}")  # noqa: S311 - simulation, not security
        self._duplicates = duplicates
        self._broken = broken
        self._shuffle = shuffle
        self._waiting: list[tuple[int, int, int, Message, Kind]] = []
        self._held: set[bytes] = set()
        self._labels: list[Message] = []
        self._number = 0

    def apply(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """The same stream, with its share of trouble."""
        for batch in batches:
            mixed = Batch(at=[], orders=[], labels=[])
            for at, order in zip(batch.at, batch.orders, strict=True):
                self._take(at, order)
                self._release(mixed, at)
            self._tell(mixed, batch.labels)
            yield mixed
        rest = Batch(at=[], orders=[], labels=[])
        self._release(rest, None)
        self._tell(rest, [])
        yield rest

    def holds(self, transaction: bytes) -> bool:
        """Whether the order of this id is still delayed."""
        return transaction in self._held

    def _take(self, at: int, order: Message) -> None:
        random = self._random
        delay = random.randrange(self._shuffle + 1) if self._shuffle else 0
        self._held.add(transaction_id(order))
        self._wait(at + delay, at, order, "order")
        if random.random() < self._duplicates:
            again = at + delay + int(random.expovariate(1 / RESENT_AFTER))
            self._wait(again, at, order, "duplicate")
        if random.random() < self._broken:
            broken, _ = malformed(order, self._number, random)
            self._wait(at + delay, at, broken, "malformed")

    def _wait(self, until: int, at: int, message: Message, kind: Kind) -> None:
        self._number += 1
        heappush(self._waiting, (until, self._number, at, message, kind))

    def _release(self, mixed: Batch, now: int | None) -> None:
        waiting = self._waiting
        while waiting and (now is None or waiting[0][0] <= now):
            _, _, at, message, kind = heappop(waiting)
            mixed.at.append(at)
            mixed.orders.append(message)
            mixed.kinds.append(kind)
            if kind == "order":
                self._held.discard(transaction_id(message))

    def _tell(self, mixed: Batch, labels: list[Message]) -> None:
        known = self._labels + labels
        self._labels = []
        for label in known:
            (self._labels if label[0] in self._held else mixed.labels).append(label)
