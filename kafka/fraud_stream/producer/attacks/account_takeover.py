"""Account takeover: guessed password, changed password, new device, new address, high value."""

from collections.abc import Iterator

from fraud_stream.producer.market import Market
from fraud_stream.producer.render import Draft
from fraud_stream.producer.scenario import Scenario
from fraud_stream.producer.units import MINUTE


def plan(market: Market, at: int) -> Iterator[Draft]:
    """Failed logins, a new password, and the victim's saved card pays for somebody else."""
    random = market.random
    victim = market.customer()
    place = market.world.place(random)
    device, session = market.gear.device(random), market.session()
    vpn = random.choice(market.gear.vpn_exits)
    network = vpn if random.random() < 0.4 else market.gear.network(random, place)
    drop = market.people.address(random, place)
    changed_at, failed = at, random.randint(4, 12)
    for _ in range(random.randint(2, 5)):
        at += random.randint(4 * MINUTE, 40 * MINUTE)
        yield market.order(
            victim,
            at,
            shop=market.shop("electronics", "jewellery"),
            dollars=random.uniform(350, 1_800),
            session=session,
            device=device,
            network=network,
            shipping=drop,
            failed_logins=failed,
            password_changed_at=changed_at,
        )


SCENARIO = Scenario(
    name="account_takeover",
    description="After failed logins and a password change: new device, new address, high value.",
    rate=0.0015,
    orders=4,
    plan=plan,
    chargebacks=0.7,
    reviews=0.35,
)
