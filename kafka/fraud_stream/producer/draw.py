"""Draws everyday orders, thousands at a time: who, when, where from, what, and paid how."""

import msgspec
import numpy as np
from numpy.typing import NDArray

from fraud_stream.producer.render import (
    AMOUNT,
    BILLING,
    DAY,
    DECLINE_CODES,
    END,
    NO_VOUCHER,
    SESSION,
    SHIPPING,
    TIME,
    Column,
    bodies,
    local_clock,
)
from fraud_stream.producer.rhythm import HALF_HOUR, Rhythm
from fraud_stream.producer.tables import Indices, Tables, objects
from fraud_stream.producer.world.catalogue import QUANTITY_WEIGHTS, SIGMAS, Catalogue, nearest_steps
from fraud_stream.producer.world.fragments import members, opaque_many
from fraud_stream.producer.world.gear import SHARED_NETWORKS_A_CITY
from fraud_stream.producer.world.world import SESSION_LETTERS, World

CHUNK = 4_000
"""Orders to aim at in one step: arrays stay in the cache, and numpy's overhead is spread."""
VOUCHER_SHARE = 0.07
_LINES = np.array([0.62, 0.84, 0.94, 1.0])
"""Cumulative shares of baskets with one to four lines."""
_QUANTITIES = np.cumsum(QUANTITY_WEIGHTS)
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


class _Visits(msgspec.Struct):
    """Who came when, with what: orders of one visit share session, device and network."""

    at: NDArray[np.int64]
    zone: Indices
    customer: Indices
    device: Indices
    network: Indices
    session: NDArray[np.object_]

    def take(self, chosen: NDArray[np.generic]) -> "_Visits":
        return _Visits(*(getattr(self, name)[chosen] for name in self.__struct_fields__))

    def join(self, other: "_Visits") -> "_Visits":
        return _Visits(
            *(
                np.concatenate([getattr(self, name), getattr(other, name)])
                for name in self.__struct_fields__
            )
        )


class Drawer:
    """Endless everyday orders of a world, about `rate` a second of event time.

    When it `is_steady` the rate holds at every hour, and the rhythm only moves the orders around
    the globe; otherwise it is the mean.
    """

    def __init__(
        self, world: World, *, seed: int, start: int, rate: float, is_steady: bool = False
    ) -> None:
        self._random = np.random.Generator(np.random.SFC64([seed, 1]))
        self._tables = Tables(world)
        self._catalogue: Catalogue = world.catalogue
        self._rhythm = Rhythm(self._tables.zones)
        self._is_steady = is_steady
        self._visits_rate = rate / 1.07
        self._step = next(s for s in (HALF_HOUR, 600, 60, 10, 1) if s == 1 or rate * s < CHUNK)
        self._steps = max(1, min(1_500, int(CHUNK / (rate * self._step))))
        self._second = start // 1000
        self._late: _Visits | None = None

    @property
    def until(self) -> int:
        """UTC milliseconds up to which orders have been drawn."""
        return self._second * 1000

    def draw(self) -> Drawn:
        """The next stretch of time, possibly without any order."""
        visits = self._orders_of(self._arrivals())
        if self._late is not None:
            visits = visits.join(self._late)
        visits = visits.take(np.argsort(visits.at, kind="stable"))
        self._late = visits.take(visits.at >= self.until)
        return self._render(visits.take(visits.at < self.until))

    def _arrivals(self) -> _Visits:
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
        return _Visits(
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

    def _orders_of(self, visits: _Visits) -> _Visits:
        """Some visits order again within minutes."""
        again = visits.take(self._random.random(len(visits.at)) < 0.07)
        again.at = again.at + (60_000 * (1 + self._random.exponential(6, len(again.at)))).astype(
            int
        )
        return visits.join(again)

    def _render(self, visits: _Visits) -> Drawn:
        tables, customer, at = self._tables, visits.customer, visits.at
        if not len(at):
            return Drawn(at=at, keys=[], bodies=[])
        length = len(at)
        random = self._random.random((6, length))
        home = tables.addresses.starts[customer]
        shop = self._shops(customer, random[0], random[1])
        favourite = random[2] ** 2
        keys: Column = tables.customer_ids[customer].tolist()
        columns: list[Column] = [
            [SESSION] * length,
            visits.session.tolist(),
            [TIME] * length,
            *local_clock(at, self._offsets(visits)),
            tables.identities[customer].tolist(),
            tables.shops[shop].tolist(),
            tables.devices.pieces[visits.device].tolist(),
            tables.networks[visits.network].tolist(),
            tables.payments.pieces[tables.payments.draw(customer, favourite)].tolist(),
            *self._money(customer, shop),
            self._logins(customer, at),
            _STATUS_PIECES[np.searchsorted(_STATUS_BOUNDS, random[3])].tolist(),
            [SHIPPING] * length,
            self._shipping(customer, home, random[4]),
            [BILLING] * length,
            tables.addresses.pieces[home].tolist(),
            tables.referrers[(random[5] * len(tables.referrers)).astype(int)].tolist(),
            [END] * length,
        ]
        return Drawn(at=at, keys=keys, bodies=bodies(columns))

    def _offsets(self, visits: _Visits) -> Indices:
        """Minutes ahead of UTC, each at its own half hour."""
        first = visits.at[0] // 1_800_000
        halves = np.arange(first, visits.at[-1] // 1_800_000 + 1)
        offsets = self._rhythm.offsets(halves * 1_800)
        return offsets[visits.zone, visits.at // 1_800_000 - first]

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

    def _money(self, customer: Indices, shop: Indices) -> list[Column]:
        """Amount, currency, one to four lines, voucher; lines less the discount are the amount."""
        tables, catalogue, length = self._tables, self._catalogue, len(customer)
        category, currency = tables.category[shop], tables.currency[customer]
        lines = 1 + np.searchsorted(_LINES, self._random.random(length))
        mean = tables.spending[customer] + tables.level[shop] - np.log(lines) * 0.7
        wanted = (mean / SIGMAS[category])[None, :] + self._random.standard_normal((4, length))
        step = nearest_steps(wanted)
        quantity = np.searchsorted(_QUANTITIES, self._random.random((4, length)))
        there = np.arange(4)[:, None] < lines[None, :]
        prices = catalogue.prices[category, currency, step] * (quantity + 1)
        total = np.where(there, prices, 0).sum(axis=0)
        voucher = self._random.integers(0, int(len(tables.vouchers) / VOUCHER_SHARE), length)
        used = voucher < len(tables.vouchers)
        voucher = np.where(used, voucher, 0)
        discount = np.where(used, total * tables.percents[voucher] // 100, 0)
        product = np.stack(
            [
                np.broadcast_to(category, step.shape),
                np.broadcast_to(currency, step.shape),
                step,
                quantity,
            ]
        )
        return [
            [AMOUNT] * length,
            decimals(total - discount, catalogue.digits[currency]),
            tables.currencies[currency].tolist(),
            catalogue.pieces[category, currency, step[0], quantity[0]].tolist(),
            *(self._further_line(product, line, lines > line) for line in range(1, 4)),
            np.where(used, tables.vouchers[voucher], NO_VOUCHER).tolist(),
            [
                amount if given else b""
                for amount, given in zip(
                    decimals(discount, catalogue.digits[currency]), used.tolist(), strict=True
                )
            ],
        ]

    def _further_line(self, product: Indices, line: int, there: NDArray[np.bool_]) -> Column:
        column = np.full(len(there), b"", dtype=object)
        column[there] = self._catalogue.further[tuple(product[:, line, there])]
        return column.tolist()


_FRACTIONS = objects(
    [b"", *(b".%02d" % cent for cent in range(100)), *(b".%03d" % mill for mill in range(1000))]
)
_FIRST_FRACTION = np.array([0, 0, 1, 101])
"""Position in the fractions by number of decimals."""


def decimals(minor: NDArray[np.int64], digits: NDArray[np.int64]) -> Column:
    """Minor units as exact JSON numbers in major units."""
    major, rest = np.divmod(minor, 10**digits)
    fractions = _FRACTIONS[_FIRST_FRACTION[digits] + rest]
    return [b"%d%b" % pair for pair in zip(major.tolist(), fractions.tolist(), strict=True)]
