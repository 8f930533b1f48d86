"""The world as arrays, so that thousands of orders can pick from it in one step."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fraud_stream.producer.world.fragments import members
from fraud_stream.producer.world.gear import SHARED_NETWORKS_A_CITY
from fraud_stream.producer.world.places import COUNTRIES, CURRENCIES
from fraud_stream.producer.world.world import World

Indices = NDArray[np.int64]
Pieces = NDArray[np.object_]
ZIPF_OFFSET = 0.02
"""In shares of the population: keeps the heaviest customer at about a dozen times the mean."""


class Weighted:
    """Draws members of groups by weight: customers of a zone, shops of a country."""

    def __init__(self, groups: Sequence[int], weights: NDArray[np.float64], count: int) -> None:
        self._members = np.argsort(np.asarray(groups), kind="stable")
        total = np.cumsum(weights[self._members])
        ends = np.searchsorted(np.sort(np.asarray(groups)), np.arange(count), side="right")
        self._total = total
        self._high = np.concatenate([[0.0], total])[ends]
        self._low = np.concatenate([[0.0], self._high[:-1]])

    @property
    def shares(self) -> NDArray[np.float64]:
        """Each group's share of the whole weight."""
        return (self._high - self._low) / self._total[-1]

    def draw(self, groups: Indices, uniform: NDArray[np.float64]) -> Indices:
        """One member of each group named; groups must not be empty."""
        low, high = self._low[groups], self._high[groups]
        return self._pick(low + uniform * (high - low))

    def draw_any(self, uniform: NDArray[np.float64]) -> Indices:
        """Members of the whole, whatever their group."""
        return self._pick(uniform * self._total[-1])

    def _pick(self, at: NDArray[np.float64]) -> Indices:
        found = np.searchsorted(self._total, at, side="right")
        return self._members[np.minimum(found, len(self._members) - 1)]


class Many:
    """A list of pieces for each customer (devices, cards, addresses), laid end to end."""

    def __init__(self, owned: Iterable[Sequence[bytes]]) -> None:
        lists = list(owned)
        self.counts = np.array([len(pieces) for pieces in lists])
        self.starts = np.cumsum(self.counts) - self.counts
        self.pieces = objects([piece for pieces in lists for piece in pieces])

    def draw(self, owners: Indices, uniform: NDArray[np.float64]) -> Indices:
        """A position in `pieces` for each owner; low numbers come first in the owner's list."""
        return self.starts[owners] + (uniform * self.counts[owners]).astype(np.int64)


class Tables:
    """Everything that drawing needs of a World."""

    def __init__(self, world: World) -> None:
        customers, shops = world.customers, world.shops
        self.zones = tuple(sorted({place.zone for place in world.places}))
        codes = [country.code for country in COUNTRIES]
        zone_of = [self.zones.index(place.zone) for place in world.places]
        places = [customer.place.number for customer in customers]
        self.place = np.array(places)
        ranks = np.arange(len(customers)) / len(customers)
        self.by_zone = Weighted(
            [zone_of[place] for place in places], 1 / (ranks + ZIPF_OFFSET), len(self.zones)
        )
        self.by_country = Weighted(
            [codes.index(shop.owner.place.country.code) for shop in shops],
            np.array([shop.popularity for shop in shops]),
            len(codes),
        )
        self.country = np.array([codes.index(c.place.country.code) for c in customers])
        self.currency = np.array([CURRENCIES.index(c.place.country.currency) for c in customers])
        self.spending = np.array([customer.spending for customer in customers])
        self.created = np.array([customer.created_at for customer in customers])
        self.customer_ids = objects([customer.customer_id for customer in customers])
        self.identities = objects([customer.identity for customer in customers])
        self.devices = Many(customer.devices for customer in customers)
        self.payments = Many(customer.payments for customer in customers)
        self.addresses = Many(customer.addresses for customer in customers)
        shared = [net for place in world.places for net in world.gear.shared_networks(place)]
        self.networks = objects(
            [customer.network for customer in customers] + shared + list(world.gear.vpn_exits)
        )
        self.first_shared = len(customers)
        self.first_vpn = len(customers) + SHARED_NETWORKS_A_CITY * len(world.places)
        self.shops = objects([shop.identity for shop in shops])
        self.category = np.array([shop.category for shop in shops])
        self.level = np.array([shop.level for shop in shops])
        self.currencies = objects([currency_piece(currency) for currency in CURRENCIES])
        self.vouchers = objects([b"]" + voucher.piece + DISCOUNT for voucher in world.vouchers])
        self.percents = np.array([voucher.percent for voucher in world.vouchers])
        self.referrers = objects(world.referrers)


DISCOUNT = b',"discount_amount":'


def currency_piece(currency: str) -> bytes:
    """The currency, and the beginning of the basket."""
    return members({"currency": currency}) + b',"items":['


def objects(pieces: Sequence[Any]) -> Pieces:
    """An array of Python objects, never of numpy's fixed-width bytes."""
    array = np.empty(len(pieces), dtype=object)
    array[:] = pieces
    return array
