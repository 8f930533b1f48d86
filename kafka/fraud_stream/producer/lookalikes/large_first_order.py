"""A new customer with one large honest order: furniture for a new home, once."""

from collections.abc import Iterator

from fraud_stream.producer.market import Market
from fraud_stream.producer.render import Draft
from fraud_stream.producer.scenario import Scenario
from fraud_stream.producer.units import HOUR


def plan(market: Market, at: int) -> Iterator[Draft]:
    """Signs up, looks around for hours or days, buys by day, at home, with an own card."""
    random = market.random
    customer = market.newcomer(at - random.randint(HOUR, 72 * HOUR))
    yield market.order(
        customer,
        market.at_hour(customer, at, random.uniform(8, 22)),
        shop=market.shop("home", "electronics", "jewellery", "garden"),
        dollars=random.uniform(350, 1_300),
    )


SCENARIO = Scenario(
    name="large_first_order",
    description="A new account's first and only order, large and honest.",
    rate=0.002,
    orders=1,
    plan=plan,
    truth="legitimate",
    reviews=0.2,
)
