"""Repeated sends, broken messages and disorder, injected on purpose into an orderly stream."""

from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from random import Random

from fraud_stream.producer.batch import Batch, Message
from fraud_stream.producer.malformed import malformed

RESENT_AFTER = 60_000
"""Mean milliseconds of event time until an order is sent a second time."""


class Disorder:
    """Delays and adds messages; of the orders themselves none is lost.

    `duplicates` and `broken` are chances an order; `shuffle` is the longest delay in milliseconds
    of event time. Memory is that of the delayed messages.
    """

    def __init__(self, seed: int, *, duplicates: float, broken: float, shuffle: int) -> None:
        self._random = Random(f"disorder {seed}")  # noqa: S311 - simulation, not security
        self._duplicates = duplicates
        self._broken = broken
        self._shuffle = shuffle
        self._waiting: list[tuple[int, int, int, Message]] = []
        self._number = 0

    def apply(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """The same stream, with its share of trouble."""
        for batch in batches:
            mixed = Batch(at=[], orders=[], labels=batch.labels)
            for at, order in zip(batch.at, batch.orders, strict=True):
                self._take(mixed, at, order)
                self._release(mixed, at)
            yield mixed
        rest = Batch(at=[], orders=[], labels=[])
        self._release(rest, None)
        yield rest

    def _take(self, mixed: Batch, at: int, order: Message) -> None:
        random = self._random
        delay = random.randrange(self._shuffle + 1) if self._shuffle else 0
        self._wait(at + delay, at, order)
        if random.random() < self._duplicates:
            mixed.duplicates += 1
            again = at + delay + int(random.expovariate(1 / RESENT_AFTER))
            self._wait(again, at, order)
        if random.random() < self._broken:
            mixed.malformed += 1
            broken, _ = malformed(order, self._number, random)
            self._wait(at + delay, at, broken)

    def _wait(self, until: int, at: int, message: Message) -> None:
        self._number += 1
        heappush(self._waiting, (until, self._number, at, message))

    def _release(self, mixed: Batch, now: int | None) -> None:
        waiting = self._waiting
        while waiting and (now is None or waiting[0][0] <= now):
            _, _, at, message = heappop(waiting)
            mixed.at.append(at)
            mixed.orders.append(message)
