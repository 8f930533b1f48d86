"""Whose history is kept: the things that orders share, and where an order names them."""

from typing import Literal, get_args

import msgspec

Entity = Literal[
    "customer",
    "device",
    "ip",
    "card",
    "email",
    "address",
    "voucher",
    "shop",
    "owner",
    "customer_spend",
    "shop_spend",
    "category_spend",
    "shop_labels",
    "device_labels",
    "card_labels",
]
ENTITIES: tuple[Entity, ...] = get_args(Entity)


class EntityType(msgspec.Struct, frozen=True):
    """One kind of entity: the record column that holds its key, and what enters its history.

    `per_currency` keeps a history for each currency, since amounts of two cannot be added.
    `of_labels` keeps released labels instead of orders.
    """

    column: str
    words: str
    per_currency: bool = False
    of_labels: bool = False


TYPES: dict[Entity, EntityType] = {
    "customer": EntityType("customer", "the customer"),
    "device": EntityType("device", "the device"),
    "ip": EntityType("ip", "the IP address (IPv6: its /64 network)"),
    "card": EntityType("card", "the card"),
    "email": EntityType("email", "the canonical e-mail address (case, dots and plus-tags folded)"),
    "address": EntityType("address", "the shipping address"),
    "voucher": EntityType("voucher", "the voucher code"),
    "shop": EntityType("shop", "the shop"),
    "owner": EntityType("owner", "the shop's owner"),
    "customer_spend": EntityType(
        "customer", "the customer's completed purchases in the order's currency", per_currency=True
    ),
    "shop_spend": EntityType(
        "shop", "the shop's completed purchases in the order's currency", per_currency=True
    ),
    "category_spend": EntityType(
        "category",
        "completed purchases in the shop's category and the order's currency",
        per_currency=True,
    ),
    "shop_labels": EntityType("shop", "released labels of the shop's orders", of_labels=True),
    "device_labels": EntityType("device", "released labels of the device's orders", of_labels=True),
    "card_labels": EntityType("card", "released labels of the card's orders", of_labels=True),
}
"""A purchase is completed when it is neither declined nor a refund."""
