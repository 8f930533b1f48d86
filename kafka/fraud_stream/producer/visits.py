"""Draws visits: who comes to the marketplace when, from where, with which device."""

import msgspec
import numpy as np
from numpy.typing import NDArray

from fraud_stream.producer.rhythm import HALF_HOUR, Rhythm
from fraud_stream.producer.tables import Indices, Tables, objects
from fraud_stream.producer.units import MINUTE
from fraud_stream.producer.world.fragments import opaque_many
from fraud_stream.producer.world.gear import SHARED_NETWORKS_A_CITY
from fraud_stream.producer.world.world import SESSION_LETTERS

CHUNK = 4_000
"""Orders to aim at in one step: arrays stay in the cache, and numpy's overhead is spread."""
_AGAIN = 0.07
"""The share of visits that order a second time."""


class Visits(msgspec.Struct):
    """Who came when, with what: orders of one visit share session, device and network."""

    at: NDArray[np.int64]
    zone: Indices
    customer: Indices
    device: Indices
    network: Indices
    session: NDArray[np.object_]

    def take(self, chosen: NDArray[np.generic]) -> "Visits":
        """Those at positions, or where a mask is true."""
        return Visits(*(getattr(self, name)[chosen] for name in self.__struct_fields__))

    def join(self, other: "Visits") -> "Visits":
        """These, then the others."""
        return Visits(
            *(
                np.concatenate([getattr(self, name), getattr(other, name)])
                for name in self.__struct_fields__
            )
        )


class VisitDrawer:
    """Endless visits, so many that there are about `rate` orders a second of event time.

    When it `is_steady` the rate holds at every hour, and the rhythm only moves the orders around
    the globe; otherwise it is the mean.
    """

    def __init__(
        self,
        tables: Tables,
        random: np.random.Generator,
        *,
        start: int,
        rate: float,
        is_steady: bool,
    ) -> None:
        self._tables = tables
        self._random = random
        self._rhythm = Rhythm(tables.zones)
        self._is_steady = is_steady
        self._visits_rate = rate / (1 + _AGAIN)
        self._step = next(s for s in (HALF_HOUR, 600, 60, 10, 1) if s == 1 or rate * s < CHUNK)
        self._steps = max(1, min(1_500, int(CHUNK / (rate * self._step))))
        self._second = start // 1000
        self._late: Visits | None = None

    @property
    def until(self) -> int:
        """UTC milliseconds up to which visits have been drawn."""
        return self._second * 1000

    def draw(self) -> Visits:
        """One row an order of the next stretch of time, in order of time, possibly none."""
        visits = self._with_second_orders(self._arrivals())
        if self._late is not None:
            visits = visits.join(self._late)
        visits = visits.take(np.argsort(visits.at, kind="stable"))
        self._late = visits.take(visits.at >= self.until)
        return visits.take(visits.at < self.until)

    def offsets(self, visits: Visits) -> Indices:
        """Minutes that each visitor's clock is ahead of UTC, each at its own half hour."""
        half = visits.at // (30 * MINUTE)
        seconds = np.arange(half[0], half[-1] + 1) * HALF_HOUR
        return self._rhythm.offsets(seconds)[visits.zone, half - half[0]]

    def _arrivals(self) -> Visits:
        random, tables = self._random, self._tables
        seconds = self._second + self._step * np.arange(self._steps)
        self._second += self._step * self._steps
        expected = self._rhythm.intensity(seconds) * tables.by_zone.shares[:, None]
        if self._is_steady:
            expected /= expected.sum(axis=0)
        counts = random.poisson(expected * (self._visits_rate * self._step))
        zone, step = np.nonzero(counts)
        zone, step = (np.repeat(part, counts[zone, step]) for part in (zone, step))
        at = seconds[step] * 1000 + random.integers(0, self._step * 1000, len(zone))
        customer = tables.by_zone.draw(zone, random.random(len(zone)))
        favourite = random.random(len(zone)) ** 2.5
        session = opaque_many(random.bytes(len(zone) * SESSION_LETTERS // 2), SESSION_LETTERS)
        return Visits(
            at=at,
            zone=zone,
            customer=customer,
            device=tables.devices.draw(customer, favourite),
            network=self._networks(customer),
            session=objects(session),
        )

    def _networks(self, customer: Indices) -> Indices:
        """Mostly at home, else a shared network of the city, now and then a VPN."""
        tables, kind = self._tables, self._random.random(len(customer))
        shared = self._random.integers(0, SHARED_NETWORKS_A_CITY, len(customer))
        shared += tables.first_shared + tables.place[customer] * SHARED_NETWORKS_A_CITY
        vpn = self._random.integers(tables.first_vpn, len(tables.networks), len(customer))
        return np.where(kind < 0.83, customer, np.where(kind < 0.98, shared, vpn))

    def _with_second_orders(self, visits: Visits) -> Visits:
        """Some visits order again within minutes."""
        again = visits.take(self._random.random(len(visits.at)) < _AGAIN)
        minutes = 1 + self._random.exponential(6, len(again.at))
        again.at = again.at + (MINUTE * minutes).astype(np.int64)
        return visits.join(again)
