"""A firm buying in bulk: an old account, office hours, the same shop, pays by transfer."""

from collections.abc import Iterator

from fraud_stream.producer.market import Market
from fraud_stream.producer.render import Draft
from fraud_stream.producer.scenario import Scenario
from fraud_stream.producer.units import DAY


def plan(market: Market, at: int) -> Iterator[Draft]:
    """Restocks every few working days, dozens to hundreds of pieces at a time."""
    random = market.random
    place = market.world.place(random)
    firm = market.people.make(
        random,
        place,
        at - random.randint(200 * DAY, 1_800 * DAY),
        guest=False,
        disposable_mail=0,
        payments=[
            market.gear.payment(random, place.country, random.choice(("card", "bank_transfer")))
        ],
    )
    shop = market.shop("home", "beauty", "groceries", "electronics")
    for _ in range(random.randint(3, 7)):
        at = market.at_hour(firm, at + DAY, random.uniform(8.5, 17))
        quantity = random.randint(40, 240)
        yield market.order(
            firm, at, shop=shop, dollars=quantity * random.uniform(6, 25), quantity=quantity
        )


SCENARIO = Scenario(
    name="bulk_buyer",
    description="An established firm restocks in office hours, dozens to hundreds of pieces.",
    rate=0.002,
    orders=5,
    plan=plan,
    truth="legitimate",
    reviews=0.2,
)
