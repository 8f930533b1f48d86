"""Order brushing: a shop boosts itself with tiny orders by a handful of hired buyers."""

from collections.abc import Iterator

from fraud_stream.producer.market import Market
from fraud_stream.producer.render import Draft
from fraud_stream.producer.scenario import Scenario
from fraud_stream.producer.units import DAY, HOUR


def plan(market: Market, at: int) -> Iterator[Draft]:
    """Few buyers, each with many tiny orders at one shop within the hour."""
    random = market.random
    shop = market.shop()
    buyers = [
        market.newcomer(at - random.randint(DAY, 60 * DAY), shop.owner.place)
        for _ in range(random.randint(3, 6))
    ]
    for buyer in buyers:
        session = market.session()
        for _ in range(random.randint(6, 11)):
            yield market.order(
                buyer,
                at + random.randrange(HOUR),
                shop=shop,
                dollars=random.uniform(1, 7),
                session=session,
                device=buyer.devices[0],
            )


SCENARIO = Scenario(
    name="order_brushing",
    description="A shop's orders boosted by few buyers with many tiny orders each in an hour.",
    rate=0.003,
    orders=38,
    plan=plan,
    reviews=0.4,
)
