"""Refund abuse: buys, keeps the goods, and claims the money back, again and again."""

from collections.abc import Iterator

from fraud_stream.producer.market import Market
from fraud_stream.producer.render import REFUND, Draft
from fraud_stream.producer.scenario import Scenario
from fraud_stream.producer.units import DAY, HOUR


def plan(market: Market, at: int) -> Iterator[Draft]:
    """The refunds are the fraud; the purchases before them look like anybody's."""
    random = market.random
    abuser = market.customer()
    for _ in range(random.randint(8, 16)):
        at += random.randint(2 * HOUR, 20 * HOUR)
        shop, dollars = market.shop("fashion", "electronics"), random.uniform(40, 250)
        yield market.order(abuser, at, shop=shop, dollars=dollars, is_cover=True)
        claimed_at = at + random.randint(HOUR, DAY)
        yield market.order(abuser, claimed_at, shop=shop, dollars=dollars, status=REFUND)


SCENARIO = Scenario(
    name="refund_abuse",
    description="One customer claims refund after refund within days.",
    rate=0.0015,
    orders=12,
    plan=plan,
    reviews=0.5,
)
