"""Everyday newcomers: most accounts that are young belong to nobody in particular."""

from collections.abc import Iterator

from fraud_stream.producer.market import Market
from fraud_stream.producer.render import Draft
from fraud_stream.producer.scenario import Scenario
from fraud_stream.producer.units import DAY, HOUR, MINUTE


def plan(market: Market, at: int) -> Iterator[Draft]:
    """Signs up, orders within hours, and perhaps comes back."""
    random = market.random
    customer = market.newcomer(at - int(random.expovariate(1 / (8 * HOUR))) - 2 * MINUTE)
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        at = market.at_hour(customer, at, random.triangular(7, 23.5, 20))
        yield market.order(customer, at, payment=random.choice(customer.payments))
        at += random.randint(HOUR, 6 * DAY)


SCENARIO = Scenario(
    name="newcomer",
    description="A new account and its first orders.",
    rate=0.02,
    orders=2,
    plan=plan,
    truth=None,
)
