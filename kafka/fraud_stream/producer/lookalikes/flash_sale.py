"""A flash sale: hundreds of strangers at one shop within minutes, with the same voucher."""

from collections.abc import Iterator

from fraud_stream.producer.market import Market
from fraud_stream.producer.render import Draft
from fraud_stream.producer.scenario import Scenario
from fraud_stream.producer.units import MINUTE


def plan(market: Market, at: int) -> Iterator[Draft]:
    """Regular customers, each once, from their own devices to their own homes."""
    random = market.random
    shop, voucher = market.shop(), random.choice(market.world.vouchers)
    count = min(random.randint(50, 120), len(market.world.customers))
    for customer in random.sample(market.world.customers, count):
        moment = at + int(min(random.expovariate(1 / (6 * MINUTE)), 30 * MINUTE))
        yield market.order(customer, moment, shop=shop, voucher=voucher)


SCENARIO = Scenario(
    name="flash_sale",
    description="Many regular customers at one shop within minutes, all with its voucher.",
    rate=0.002,
    orders=85,
    plan=plan,
    truth="legitimate",
    reviews=0.02,
)
