"""A traveller: the customer's own device and card, abroad, after a flight's time."""

from collections.abc import Iterator

from fraud_stream.producer.market import Market
from fraud_stream.producer.render import Draft
from fraud_stream.producer.scenario import Scenario
from fraud_stream.producer.units import DAY, HOUR


def plan(market: Market, at: int) -> Iterator[Draft]:
    """An order before leaving, a few from the hotel, some of them sent there."""
    random = market.random
    customer = market.customer()
    device = customer.devices[0]
    yield market.order(customer, at, device=device, is_cover=True)
    abroad = market.elsewhere(customer.place)
    networks = (market.gear.network(random, abroad), *market.gear.shared_networks(abroad))
    hotel = market.people.address(random, abroad)
    at += random.randint(26 * HOUR, 3 * DAY)
    for _ in range(random.randint(2, 5)):
        yield market.order(
            customer,
            at,
            device=device,
            network=random.choice(networks),
            shipping=hotel if random.random() < 0.4 else None,
        )
        at += random.randint(8 * HOUR, 2 * DAY)


SCENARIO = Scenario(
    name="traveller",
    description="A customer on a trip orders from abroad with the usual device and card.",
    rate=0.002,
    orders=4,
    plan=plan,
    truth="legitimate",
    reviews=0.15,
)
