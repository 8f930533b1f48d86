"""What a scenario is: a small story of orders with a cause, told by its own file."""

from collections.abc import Callable, Iterator
from typing import Literal

import msgspec

from fraud_stream.producer.market import Market
from fraud_stream.producer.render import Draft

Plan = Callable[[Market, int], Iterator[Draft]]
"""Orders of one story that begins at a time (UTC milliseconds), in any order."""


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """`rate` is its share of all orders, `orders` about how many one story makes.

    `truth` is what its orders are; None for everyday life, of which nothing is told apart.
    `chargebacks` and `reviews` are the shares of its orders that are found out by each.
    """

    name: str
    description: str
    rate: float
    orders: int
    plan: Plan
    truth: Literal["fraud", "legitimate"] | None = "fraud"
    chargebacks: float = 0.0
    reviews: float = 0.0
