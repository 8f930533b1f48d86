"""Stolen-card spree: the victim's account and card are used from another country."""

from collections.abc import Iterator

from fraud_stream.producer.market import Market
from fraud_stream.producer.render import Draft
from fraud_stream.producer.scenario import Scenario
from fraud_stream.producer.units import MINUTE


def plan(market: Market, at: int) -> Iterator[Draft]:
    """The victim orders at home; within the hour the thief is shopping abroad."""
    random = market.random
    victim = market.customer()
    card = market.gear.payment(random, victim.place.country, "card")
    yield market.order(victim, at, payment=card, is_cover=True)
    abroad = market.elsewhere(victim.place)
    device, session = market.gear.device(random), market.session()
    network = market.gear.network(random, abroad)
    drop = market.people.address(random, abroad)
    at += random.randint(15 * MINUTE, 55 * MINUTE)
    for _ in range(random.randint(5, 10)):
        yield market.order(
            victim,
            at,
            shop=market.shop("electronics", "jewellery", "fashion"),
            dollars=random.uniform(250, 1_400),
            session=session,
            device=device,
            network=network,
            payment=card,
            shipping=drop,
        )
        at += random.randint(3 * MINUTE, 25 * MINUTE)


SCENARIO = Scenario(
    name="stolen_card_spree",
    description="A card used at home and, within the hour, for high values in another country.",
    rate=0.002,
    orders=7,
    plan=plan,
    chargebacks=0.8,
    reviews=0.2,
)
