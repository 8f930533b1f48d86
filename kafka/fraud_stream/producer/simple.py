"""A small marketplace: customers who order in bursts now and then, and two causes of fraud."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec
from faker import Faker

from fraud_core.events import SCHEMA_VERSION, Address, Item, OrderEvent

COUNTRIES = {"US": "USD", "GB": "GBP", "DE": "EUR", "FR": "EUR", "ES": "EUR", "IT": "EUR"}


class Customer(msgspec.Struct, frozen=True):
    """Who orders, from where, with what."""

    customer_id: str
    name: str
    email: str
    address: Address
    card: str
    device: str
    created_at: datetime


class SimpleMarket:
    """Orders of a seeded world; a stolen card is used from abroad, many times, for high values."""

    def __init__(self, seed: int, orders: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - simulation, not security
        self._faker = Faker("en_US")
        self._faker.seed_instance(seed)
        self._run = "".join(self._random.choices("abcdefghjkmnpqrstuvwxyz", k=8))
        self._customers = [self._customer(n) for n in range(max(50, min(5_000, orders // 8)))]
        self._sent = 0

    def orders(self, count: int, until: datetime) -> Iterator[OrderEvent]:
        """`count` orders in order of time, the last one at about `until`."""
        step = timedelta(days=30) / max(count, 1)
        at = until - step * count
        while self._sent < count:
            burst = self._stolen_card(at) if self._random.random() < 0.002 else [self._honest(at)]
            yield from burst[: count - self._sent]
            self._sent += len(burst)
            at += step * len(burst)

    def _customer(self, number: int) -> Customer:
        country = self._random.choice(list(COUNTRIES))
        latitude, longitude, city, _, _ = self._faker.local_latlng(country) or (
            "0",
            "0",
            "",
            "",
            "",
        )
        return Customer(
            customer_id=f"cus_{self._run}_{number}",
            name=self._faker.name(),
            email=f"{self._faker.user_name()}{number}@example.com",
            address=Address(
                country=country, city=city, latitude=float(latitude), longitude=float(longitude)
            ),
            card=f"card_{self._run}_{number}",
            device=f"dev_{self._run}_{number}",
            created_at=datetime(2024, 1, 1, tzinfo=UTC)
            + timedelta(days=self._random.randrange(600)),
        )

    def _honest(self, at: datetime) -> OrderEvent:
        customer = self._customers[
            min(int(self._random.paretovariate(0.8)) - 1, len(self._customers) - 1)
            if self._random.random() < 0.3
            else self._random.randrange(len(self._customers))
        ]
        return self._order(customer, at, customer.address, self._random.lognormvariate(3.4, 0.7))

    def _stolen_card(self, at: datetime) -> list[OrderEvent]:
        victim, elsewhere = (
            self._random.choice(self._customers),
            self._random.choice(self._customers),
        )
        return [
            self._order(
                victim,
                at + timedelta(minutes=2 * n),
                elsewhere.address,
                self._random.lognormvariate(6.5, 0.5),
            )
            for n in range(self._random.randint(5, 12))
        ]

    def _order(
        self, customer: Customer, at: datetime, shipping: Address, amount: float
    ) -> OrderEvent:
        self._counter = getattr(self, "_counter", 0) + 1
        price = round(max(amount, 1), 2)
        shop = self._random.randrange(200)
        return OrderEvent(
            schema_version=SCHEMA_VERSION,
            transaction_id=f"txn_{self._run}_{self._counter}",
            customer_id=customer.customer_id,
            merchant_id=f"shop_{self._run}_{shop}",
            merchant_owner_id=f"own_{self._run}_{shop}",
            event_time=at,
            amount=price,
            currency=COUNTRIES[customer.address.country or "US"],
            payment_method="card",
            card_fingerprint=customer.card,
            card_bin="411111",
            card_country=customer.address.country,
            device_id=customer.device,
            device_type=self._random.choice(("phone", "desktop")),
            transaction_type="purchase",
            transaction_status="approved",
            items=(Item(product_id=f"prd_{shop}", quantity=1, unit_price=price),),
            customer_name=customer.name,
            customer_email=customer.email,
            customer_country=customer.address.country,
            account_created_at=customer.created_at,
            merchant_category=("fashion", "home", "games", "books")[shop % 4],
            merchant_country=list(COUNTRIES)[shop % len(COUNTRIES)],
            shipping=shipping,
            billing=customer.address,
        )
