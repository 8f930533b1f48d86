"""A family on one device: parents and children with a tablet, one home, several cards."""

from collections.abc import Iterator

from fraud_stream.producer.market import Market
from fraud_stream.producer.render import Draft
from fraud_stream.producer.scenario import Scenario
from fraud_stream.producer.units import DAY


def plan(market: Market, at: int) -> Iterator[Draft]:
    """Each orders on a day of their own, at an hour when people are up."""
    random = market.random
    place = market.world.place(random)
    home, tablet = [market.people.address(random, place)], [market.gear.device(random)]
    network, name = market.gear.network(random, place), market.people.surname(random, place)
    for _ in range(random.randint(3, 5)):
        member = market.people.make(
            random,
            place,
            at - random.randint(40 * DAY, 1_500 * DAY),
            guest=False,
            surname=name,
            addresses=home,
            devices=tablet,
            network=network,
        )
        for day in random.sample(range(12), random.randint(1, 3)):
            yield market.order(
                member, market.at_hour(member, at + day * DAY, random.uniform(9, 22))
            )


SCENARIO = Scenario(
    name="family_device",
    description="Three to five people of one household order from one tablet.",
    rate=0.002,
    orders=8,
    plan=plan,
    truth="legitimate",
    reviews=0.1,
)
