"""Collusion: the buyers of a shop are its owner in disguise, on the owner's device or card."""

from collections.abc import Iterator

from fraud_stream.producer.market import Market
from fraud_stream.producer.render import Draft
from fraud_stream.producer.scenario import Scenario
from fraud_stream.producer.units import DAY, HOUR
from fraud_stream.producer.world.people import Customer


def plan(market: Market, at: int) -> Iterator[Draft]:
    """The owner shops elsewhere as anyone would; the puppets buy from the owner."""
    random = market.random
    shop = market.shop()
    owner = shop.owner
    device = owner.devices[0]
    card = market.gear.payment(random, owner.place.country, "card")
    yield market.order(owner, at, device=device, payment=card, is_cover=True)
    puppets = [_puppet(market, owner, at, device, card) for _ in range(random.randint(2, 5))]
    voucher = random.choice(market.world.vouchers)
    for puppet in puppets:
        for _ in range(random.randint(3, 6)):
            yield market.order(
                puppet,
                at + random.randint(2 * HOUR, 4 * DAY),
                shop=shop,
                voucher=voucher if random.random() < 0.6 else None,
            )


def _puppet(market: Market, owner: Customer, at: int, device: bytes, card: bytes) -> Customer:
    """An account of its own that shares the owner's device or, else, the owner's card."""
    random = market.random
    on_device = random.random() < 0.6
    return market.people.make(
        random,
        owner.place,
        at - random.randint(DAY, 200 * DAY),
        devices=[device] if on_device else (),
        payments=() if on_device else [card],
    )


SCENARIO = Scenario(
    name="collusion",
    description="Buyers of a shop who use its owner's device or card.",
    rate=0.002,
    orders=16,
    plan=plan,
    reviews=0.4,
)
