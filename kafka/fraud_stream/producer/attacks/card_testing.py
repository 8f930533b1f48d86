"""Card testing: a script tries stolen cards with small orders until some go through."""

from collections.abc import Iterator

from fraud_stream.producer.market import Market
from fraud_stream.producer.render import PURCHASE, Draft
from fraud_stream.producer.scenario import Scenario
from fraud_stream.producer.units import DAY, MINUTE


def plan(market: Market, at: int) -> Iterator[Draft]:
    """One throw-away account tries a list of cards within the hour, then spends on one."""
    random = market.random
    tester = market.newcomer(at - random.randint(DAY, 3 * DAY))
    network = random.choice((tester.network, random.choice(market.gear.vpn_exits)))
    country = tester.place.country
    cards = [market.gear.payment(random, country, "card") for _ in range(random.randint(8, 18))]
    shop, session = market.shop("digital_goods", "books"), market.session()
    working = [card for card in cards if random.random() < 0.25] or cards[:1]
    for _ in range(random.randint(24, 48)):
        at += random.randint(8_000, 70_000)
        card = random.choice(cards)
        passes = card in working and random.random() < 0.8
        yield market.order(
            tester,
            at,
            shop=shop,
            dollars=random.uniform(2, 6),
            session=session,
            device=tester.devices[0],
            network=network,
            payment=card,
            status=PURCHASE if passes else market.declined(),
        )
    for _ in range(random.randint(1, 2)):
        at += random.randint(3 * MINUTE, 15 * MINUTE)
        yield market.order(
            tester,
            at,
            shop=market.shop("electronics", "jewellery"),
            dollars=random.uniform(400, 1_500),
            network=network,
            payment=random.choice(working),
        )


SCENARIO = Scenario(
    name="card_testing",
    description="Small tries with many cards from one device, most declined, then a large one.",
    rate=0.004,
    orders=38,
    plan=plan,
    chargebacks=0.6,
    reviews=0.2,
)
