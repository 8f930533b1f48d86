"""Draws everyday orders, thousands at a time: who, when, where from, what, and paid how."""

import msgspec
import numpy as np
from numpy.typing import NDArray

from fraud_stream.producer.baskets import BasketDrawer
from fraud_stream.producer.render import (
    BILLING,
    DECLINE_CODES,
    END,
    SESSION,
    SHIPPING,
    TIME,
    Column,
    bodies,
    local_clock,
)
from fraud_stream.producer.tables import Indices, Tables, objects
from fraud_stream.producer.units import DAY
from fraud_stream.producer.visits import VisitDrawer, Visits
from fraud_stream.producer.world.fragments import members
from fraud_stream.producer.world.world import World

_STATUSES = (
    (0.930, {"transaction_type": "purchase", "transaction_status": "approved"}),
    (0.950, {"transaction_type": "purchase", "transaction_status": "pending"}),
    *(
        (
            0.950 + 0.007 * number,
            {
                "transaction_type": "purchase",
                "transaction_status": "declined",
                "decline_code": code,
            },
        )
        for number, code in enumerate(DECLINE_CODES, 1)
    ),
    (1.0, {"transaction_type": "refund", "transaction_status": "approved"}),
)
_STATUS_BOUNDS = np.array([bound for bound, _ in _STATUSES])
_STATUS_PIECES = objects([members(status) for _, status in _STATUSES])
_FAILED_LOGINS = np.array([0.955, 0.99, 0.997, 0.999, 1.0])
_FAILED_LOGIN_PIECES = objects(
    [members({"failed_login_attempts": failed}) for failed in range(len(_FAILED_LOGINS))]
)
PASSWORD_CHANGED_SHARE = 0.1
_PASSWORD_AGE = 30 * DAY
_MAGNITUDES = 9.0
"""The youngest change is e^-9 of a month old: five minutes."""


class Drawn(msgspec.Struct):
    """Orders in order of time: UTC milliseconds, customers' ids, and bodies without a number."""

    at: NDArray[np.int64]
    keys: Column
    bodies: Column


class Drawer:
    """Endless everyday orders of a world, about `rate` a second of event time.

    When it `is_steady` the rate holds at every hour; otherwise it is the mean of the rhythm.
    """

    def __init__(
        self, world: World, *, seed: int, start: int, rate: float, is_steady: bool = False
    ) -> None:
        self._random = np.random.Generator(np.random.SFC64([seed, 1]))
        self._tables = Tables(world)
        self._baskets = BasketDrawer(self._tables, world.catalogue, self._random)
        self._visits = VisitDrawer(
            self._tables, self._random, start=start, rate=rate, is_steady=is_steady
        )

    @property
    def until(self) -> int:
        """UTC milliseconds up to which orders have been drawn."""
        return self._visits.until

    def draw(self) -> Drawn:
        """The next stretch of time, possibly without any order."""
        visits = self._visits.draw()
        if not len(visits.at):
            return Drawn(at=visits.at, keys=[], bodies=[])
        keys: Column = self._tables.customer_ids[visits.customer].tolist()
        return Drawn(at=visits.at, keys=keys, bodies=bodies(self._columns(visits)))

    def _columns(self, visits: Visits) -> list[Column]:
        tables, customer, length = self._tables, visits.customer, len(visits.at)
        random = self._random.random((6, length))
        home = tables.addresses.starts[customer]
        shop = self._shops(customer, random[0], random[1])
        payment = tables.payments.draw(customer, random[2] ** 2)
        return [
            [SESSION] * length,
            visits.session.tolist(),
            [TIME] * length,
            *local_clock(visits.at, self._visits.offsets(visits)),
            tables.identities[customer].tolist(),
            tables.shops[shop].tolist(),
            tables.devices.pieces[visits.device].tolist(),
            tables.networks[visits.network].tolist(),
            tables.payments.pieces[payment].tolist(),
            *self._baskets.draw(customer, shop),
            self._logins(customer, visits.at),
            _STATUS_PIECES[np.searchsorted(_STATUS_BOUNDS, random[3])].tolist(),
            [SHIPPING] * length,
            self._shipping(customer, home, random[4]),
            [BILLING] * length,
            tables.addresses.pieces[home].tolist(),
            tables.referrers[(random[5] * len(tables.referrers)).astype(int)].tolist(),
            [END] * length,
        ]

    def _shops(
        self, customer: Indices, kind: NDArray[np.float64], uniform: NDArray[np.float64]
    ) -> Indices:
        """Seven orders in eight go to a shop of the customer's own country."""
        domestic = self._tables.by_country.draw(self._tables.country[customer], uniform)
        return np.where(kind < 0.88, domestic, self._tables.by_country.draw_any(uniform))

    def _shipping(self, customer: Indices, home: Indices, kind: NDArray[np.float64]) -> Column:
        """Home, another address of the customer's, or a present to somebody else."""
        addresses = self._tables.addresses
        own = addresses.draw(customer, self._random.random(len(customer)))
        anyone = self._random.integers(0, len(addresses.pieces), len(customer))
        chosen = np.where(kind < 0.88, home, np.where(kind < 0.995, own, anyone))
        return addresses.pieces[chosen].tolist()

    def _logins(self, customer: Indices, at: NDArray[np.int64]) -> Column:
        """Failed logins before the order, and for one order in ten when the password changed."""
        failed = np.searchsorted(_FAILED_LOGINS, self._random.random(len(at)))
        changed = np.flatnonzero(self._random.random(len(at)) < PASSWORD_CHANGED_SHARE)
        pieces = _FAILED_LOGIN_PIECES[failed]
        # Equal shares for each magnitude, from minutes to a month before.
        ages = _PASSWORD_AGE * np.exp(-_MAGNITUDES * self._random.random(len(changed)))
        moments = np.maximum(
            at[changed] - ages.astype(np.int64), self._tables.created[customer[changed]]
        )
        texts = np.datetime_as_string((moments // 1000).astype("datetime64[s]"))
        for position, text in zip(changed.tolist(), texts.tolist(), strict=True):
            pieces[position] += b',"password_changed_at":"%bZ"' % text.encode()
        return pieces.tolist()
