"""Bulk in the small hours: a young account orders by the hundred while its city sleeps."""

from collections.abc import Iterator

from fraud_stream.producer.market import Market
from fraud_stream.producer.render import Draft
from fraud_stream.producer.scenario import Scenario
from fraud_stream.producer.units import DAY, MINUTE


def plan(market: Market, at: int) -> Iterator[Draft]:
    """Resellers with other people's money: one product, hundreds of pieces, before dawn."""
    random = market.random
    buyer = market.newcomer(at - random.randint(DAY, 20 * DAY))
    at = market.at_hour(buyer, at, random.uniform(0.3, 3.5))
    shop = market.shop("electronics", "beauty", "toys", "digital_goods")
    for _ in range(random.randint(2, 4)):
        quantity = random.randint(90, 400)
        yield market.order(
            buyer, at, shop=shop, dollars=quantity * random.uniform(8, 40), quantity=quantity
        )
        at += random.randint(4 * MINUTE, 20 * MINUTE)


SCENARIO = Scenario(
    name="night_bulk",
    description="Hundreds of pieces of one product, ordered by a young account before dawn.",
    rate=0.0015,
    orders=3,
    plan=plan,
    chargebacks=0.5,
    reviews=0.3,
)
