"""Everyday orders, stories and their truth, brought into one order of time."""

from collections.abc import Iterator, Mapping
from random import Random

import numpy as np

from fraud_stream.producer.batch import Batch, Message
from fraud_stream.producer.draw import Drawer, Drawn
from fraud_stream.producer.labels import SPOT_CHECKS, Ledger
from fraud_stream.producer.market import Market
from fraud_stream.producer.render import PURCHASE, Draft, draft_bodies, head
from fraud_stream.producer.scenario import Scenario
from fraud_stream.producer.schedule import Schedule
from fraud_stream.producer.tables import Indices
from fraud_stream.producer.units import DAY
from fraud_stream.producer.world.world import World

ORDERS_A_CUSTOMER = 4 / 30
"""Mean orders a customer and day, when nothing else is asked for."""
FEWEST_CUSTOMERS, MOST_CUSTOMERS = 250, 100_000
MANY_YEARS = 100 * 365 * DAY


class Stream:
    """`orders` orders from `start` (UTC milliseconds); the same arguments give the same bytes.

    `rate` is orders a second of event time; by default what the world's customers order. Memory
    does not grow with the number of orders.
    """

    def __init__(
        self,
        *,
        seed: int,
        orders: int,
        start: int,
        rates: Mapping[Scenario, float],
        rate: float | None = None,
    ) -> None:
        customers = customers_for(orders, rate)
        self._left, self._start = orders, start
        self._share = sum(rates.values())
        world = World(seed, customers, start)
        everyday = (rate or natural_rate(orders)) * (1 - self._share)
        self._drawer = Drawer(
            world, seed=seed, start=start, rate=everyday, is_steady=rate is not None
        )
        self._schedule = Schedule(Market(world, seed), rates, seed)
        self._ledger = Ledger(seed)
        self._random = Random(f"stream {seed}")  # noqa: S311 - simulation, not security
        self._draws = np.random.Generator(np.random.SFC64([seed, 2]))
        self._prefix = head(world.run)
        self._name = f"txn_{world.run}_"
        self._number = 0

    def labels_to_come(self) -> Iterator[bytes]:
        """Transaction ids of labels that become known only after the last order so far."""
        return self._ledger.pending()

    def batches(self) -> Iterator[Batch]:
        """The whole stream, a stretch at a time."""
        since = self._start
        while self._left > 0:
            drawn = self._drawer.draw()
            until = self._drawer.until
            expected = len(drawn.at) / (1 - self._share)
            self._schedule.advance(since, until, expected)
            yield self._merge(drawn, self._schedule.take(until))
            since = until

    def late_labels(self) -> list[Message]:
        """All labels that become known after the last order."""
        return list(self._ledger.known(self._start + MANY_YEARS))

    def _merge(self, drawn: Drawn, planned: list[tuple[Draft, Scenario]]) -> Batch:
        drafts = [draft for draft, _ in planned]
        at = np.concatenate([drawn.at, np.array([draft.at for draft in drafts], dtype=np.int64)])
        keys = drawn.keys + [draft.customer_id for draft in drafts]
        bodies = drawn.bodies + draft_bodies(drafts)
        order = np.argsort(at, kind="stable")[: self._left]
        positions = order.tolist()
        first, prefix = self._number, self._prefix
        orders: list[Message] = [
            (keys[position], b"%b%d%b" % (prefix, number, bodies[position]))
            for number, position in enumerate(positions, first)
        ]
        self._tell_truth(order, len(drawn.keys), planned)
        self._spot_check(at, order, len(drawn.keys))
        self._number += len(orders)
        self._left -= len(orders)
        times = at[order].tolist()
        labels = list(self._ledger.known(times[-1] + 1)) if times else []
        return Batch(at=times, orders=orders, labels=labels)

    def _tell_truth(
        self, order: Indices, everyday: int, planned: list[tuple[Draft, Scenario]]
    ) -> None:
        for place in np.flatnonzero(order >= everyday).tolist():
            draft, scenario = planned[int(order[place]) - everyday]
            if scenario.truth is None or draft.is_cover:
                continue
            name, is_fraud = f"{self._name}{self._number + place}", scenario.truth == "fraud"
            self._ledger.injected(name, draft.at, is_fraud=is_fraud, reason=scenario.name)
            if draft.status == PURCHASE and self._random.random() < scenario.chargebacks:
                self._ledger.chargeback(name, draft.at)
            if self._random.random() < scenario.reviews:
                self._ledger.review(name, draft.at, is_fraud=is_fraud)

    def _spot_check(self, at: Indices, order: Indices, everyday: int) -> None:
        for place in np.flatnonzero(self._draws.random(len(order)) < SPOT_CHECKS).tolist():
            if order[place] < everyday:
                name = f"{self._name}{self._number + place}"
                self._ledger.review(name, int(at[order[place]]), is_fraud=False)


def customers_for(orders: int, rate: float | None = None) -> int:
    """As many as make that many orders in a month, or so many a second, as far as memory goes."""
    wanted = orders / 4 if rate is None else rate * 86_400 / ORDERS_A_CUSTOMER
    return min(max(int(wanted), FEWEST_CUSTOMERS), MOST_CUSTOMERS)


def natural_rate(orders: int) -> float:
    """Orders a second of event time of such a world."""
    return customers_for(orders) * ORDERS_A_CUSTOMER / 86_400
