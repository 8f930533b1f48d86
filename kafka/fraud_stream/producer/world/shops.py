"""Shops: each sells one category, in one country, and belongs to a customer who runs it."""

from random import Random

import msgspec

from fraud_stream.producer.world.catalogue import CATEGORIES
from fraud_stream.producer.world.fragments import members
from fraud_stream.producer.world.people import Customer

_WEIGHTS = [category.weight for category in CATEGORIES]


class Shop(msgspec.Struct, frozen=True):
    """`popularity` is its share of its country's orders before scaling, `level` shifts prices."""

    merchant_id: str
    owner: Customer
    category: int
    popularity: float
    level: float
    identity: bytes


def make_shops(random: Random, run: str, owners: list[Customer]) -> tuple[Shop, ...]:
    """One shop for each owner, in the owner's country; every category is there."""
    return tuple(_shop(random, run, number, owner) for number, owner in enumerate(owners))


def _shop(random: Random, run: str, number: int, owner: Customer) -> Shop:
    (category,) = random.choices(range(len(CATEGORIES)), _WEIGHTS)
    if number < len(CATEGORIES):
        category = number
    merchant_id = f"shop_{run}_{number}"
    return Shop(
        merchant_id=merchant_id,
        owner=owner,
        category=category,
        popularity=1 / (1 + random.expovariate(0.05)),
        level=random.gauss(0, 0.15),
        identity=members(
            {
                "merchant_id": merchant_id,
                "merchant_owner_id": owner.customer_id.decode(),
                "merchant_category": CATEGORIES[category].name,
                "merchant_country": owner.place.country.code,
            }
        ),
    )
