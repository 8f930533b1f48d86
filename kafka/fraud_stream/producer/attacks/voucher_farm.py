"""Voucher farm: many new accounts on few devices and addresses, one voucher a day each."""

from collections.abc import Iterator

from fraud_stream.producer.market import Market
from fraud_stream.producer.render import Draft
from fraud_stream.producer.scenario import Scenario
from fraud_stream.producer.units import DAY, HOUR, MINUTE


def plan(market: Market, at: int) -> Iterator[Draft]:
    """For a few days every account of the farm redeems the same voucher once."""
    random = market.random
    place = market.world.place(random)
    devices = [market.gear.device(random) for _ in range(random.randint(1, 3))]
    addresses = [market.people.address(random, place) for _ in range(random.randint(1, 2))]
    network = market.gear.network(random, place)
    accounts = [
        market.people.make(
            random,
            place,
            at - random.randint(HOUR, 3 * DAY),
            disposable_mail=0.5,
            addresses=[random.choice(addresses)],
            devices=[random.choice(devices)],
            network=network,
        )
        for _ in range(random.randint(12, 28))
    ]
    voucher = random.choice(market.world.vouchers)
    for day in range(random.randint(2, 4)):
        turn = at + day * DAY
        for account in accounts:
            turn += random.randint(2 * MINUTE, 20 * MINUTE)
            yield market.order(account, turn, dollars=random.uniform(15, 45), voucher=voucher)


SCENARIO = Scenario(
    name="voucher_farm",
    description="New accounts that share devices and addresses redeem one voucher a day each.",
    rate=0.003,
    orders=60,
    plan=plan,
    chargebacks=0.02,
    reviews=0.5,
)
