"""Wallet and pay-later limits: fresh accounts draw their whole credit at once and vanish."""

from collections.abc import Iterator

from fraud_stream.producer.market import Market
from fraud_stream.producer.render import Draft
from fraud_stream.producer.scenario import Scenario
from fraud_stream.producer.units import DAY, MINUTE


def plan(market: Market, at: int) -> Iterator[Draft]:
    """Several accounts of one person, each used up to the limit within hours."""
    random = market.random
    place = market.world.place(random)
    device, network = market.gear.device(random), market.gear.network(random, place)
    limit = random.choice((500, 1_000, 2_000))
    for _ in range(random.randint(2, 4)):
        account = market.people.make(
            random,
            place,
            at - random.randint(DAY, 6 * DAY),
            devices=[device],
            network=network,
            payments=[
                market.gear.payment(random, place.country, random.choice(("pay_later", "wallet")))
            ],
        )
        for _ in range(random.randint(2, 4)):
            at += random.randint(5 * MINUTE, 50 * MINUTE)
            yield market.order(
                account,
                at,
                shop=market.shop("electronics", "jewellery", "fashion"),
                dollars=limit * random.uniform(0.85, 1),
            )


SCENARIO = Scenario(
    name="wallet_limits",
    description="Fresh accounts on one device use wallets and pay-later up to the limit.",
    rate=0.0015,
    orders=9,
    plan=plan,
    chargebacks=0.3,
    reviews=0.4,
)
