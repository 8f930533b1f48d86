"""The simulated marketplace's own records and how they change: the same for the same seed and size.

Everybody who was there on the first day is a customer of the simulated world. From then on some
join every hour, and records change now and then. What changes in an hour depends on the seed and
on that hour alone, so any hour can be asked for at any time.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

import msgspec

from fraud_stream.producer.timing import FIXED_START
from fraud_stream.producer.world.catalogue import CATEGORIES, CURRENCIES, STEPS
from fraud_stream.producer.world.people import Customer
from fraud_stream.producer.world.world import World

HOUR = timedelta(hours=1)
CHANGES_AN_HOUR = 0.002
"""Share of customers, and of shops, whose record changes in an hour."""
PRICE_CHANGES_AN_HOUR = 2
NEWCOMERS_AN_HOUR = 1


class CustomerRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a customer's record; `changed_at` is when it came about."""

    customer_id: str
    name: str
    email: str
    phone: str | None
    country: str
    is_guest: bool
    account_created_at: datetime
    changed_at: datetime


class ShopRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a shop's record."""

    merchant_id: str
    owner_id: str
    category: str
    country: str
    opened_at: datetime
    changed_at: datetime


class ProductRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a product's record; the price is in US dollars."""

    product_id: str
    category: str
    list_price: Decimal
    currency: str
    changed_at: datetime


class Changes(msgspec.Struct, frozen=True):
    """New and changed records of an interval, each at most once an hour, oldest first."""

    customers: list[CustomerRecord]
    shops: list[ShopRecord]
    products: list[ProductRecord]


class Marketplace:
    """Answers what was new or changed between two times. Making one takes about a second."""

    def __init__(self, seed: int, customers: int) -> None:
        self._seed = seed
        self._world = World(seed, customers, int(FIXED_START.timestamp() * 1000))

    def changes(self, since: datetime, until: datetime) -> Changes:
        """Records that came about at or after `since` and before `until`; hours are whole."""
        found = Changes([], [], [])
        if since <= FIXED_START < until:
            self._first_day(found)
        for hour in _hours(max(since, FIXED_START + HOUR), until):
            self._hour(hour, found)
        return found

    def _first_day(self, found: Changes) -> None:
        for customer in self._world.customers:
            found.customers.append(_customer(customer, FIXED_START))
        for number in range(len(self._world.shops)):
            found.shops.append(self._shop(number, FIXED_START))
        for category in range(len(CATEGORIES)):
            for step in range(STEPS):
                found.products.append(self._product(category, step, FIXED_START, Decimal(1)))

    def _hour(self, hour: datetime, found: Changes) -> None:
        random = Random(f"reference {self._seed} {hour.isoformat()}")  # noqa: S311 - simulation, not security
        people, shops = self._world.customers, self._world.shops
        for number in _some(random, len(people)):
            found.customers.append(_moved(people[number], random, hour))
        for number in range(NEWCOMERS_AN_HOUR):
            found.customers.append(self._newcomer(random, hour, number))
        for number in _some(random, len(shops)):
            found.shops.append(self._shop(number, hour, random))
        for _ in range(PRICE_CHANGES_AN_HOUR):
            category, step = random.randrange(len(CATEGORIES)), random.randrange(STEPS)
            factor = Decimal(random.choice(("0.90", "0.95", "1.05", "1.10")))
            found.products.append(self._product(category, step, hour, factor))

    def _newcomer(self, random: Random, hour: datetime, number: int) -> CustomerRecord:
        """A copy of somebody with an id of its own, which the hour tells."""
        model = _customer(random.choice(self._world.customers), hour)
        name = f"cus_{self._world.run}_{hour:%Y%m%d%H}_{number}"
        email = f"{name.rpartition('_')[0].replace('_', '.')}.{number}@gmail.com"
        return msgspec.structs.replace(
            model, customer_id=name, email=email, account_created_at=hour, is_guest=False
        )

    def _shop(self, number: int, at: datetime, random: Random | None = None) -> ShopRecord:
        shop = self._world.shops[number]
        owner = random.choice(self._world.customers) if random else shop.owner
        return ShopRecord(
            merchant_id=shop.merchant_id,
            owner_id=owner.customer_id.decode(),
            category=CATEGORIES[shop.category].name,
            country=shop.owner.place.country.code,
            opened_at=_instant(shop.owner.created_at),
            changed_at=at,
        )

    def _product(self, category: int, step: int, at: datetime, factor: Decimal) -> ProductRecord:
        cents = int(self._world.catalogue.prices[category, CURRENCIES.index("USD"), step])
        return ProductRecord(
            product_id=f"prd_{CATEGORIES[category].name}_{step}",
            category=CATEGORIES[category].name,
            list_price=(Decimal(cents) / 100 * factor).quantize(Decimal("0.01")),
            currency="USD",
            changed_at=at,
        )


class _Identity(msgspec.Struct):
    customer_name: str
    customer_email: str
    is_guest: bool
    customer_phone: str | None = None


def _customer(customer: Customer, at: datetime) -> CustomerRecord:
    known = msgspec.json.decode(b"{" + customer.identity.strip(b",") + b"}", type=_Identity)
    return CustomerRecord(
        customer_id=customer.customer_id.decode(),
        name=known.customer_name,
        email=known.customer_email,
        phone=known.customer_phone,
        country=customer.place.country.code,
        is_guest=known.is_guest,
        account_created_at=_instant(customer.created_at),
        changed_at=at,
    )


def _moved(customer: Customer, random: Random, at: datetime) -> CustomerRecord:
    """The record with a new phone number and mailbox."""
    record = _customer(customer, at)
    handle, _, domain = record.email.partition("@")
    phone = f"{customer.place.country.dial}{random.randrange(10**8, 10**9)}"
    email = f"{handle.partition('+')[0]}{random.randrange(100)}@{domain}"
    return msgspec.structs.replace(record, phone=phone, email=email, is_guest=False)


def _some(random: Random, count: int) -> list[int]:
    return sorted(random.sample(range(count), max(1, round(count * CHANGES_AN_HOUR))))


def _hours(since: datetime, until: datetime) -> Iterator[datetime]:
    since = since.astimezone(UTC)  # what came about does not depend on who asks
    hour = since.replace(minute=0, second=0, microsecond=0)
    hour = hour if hour == since else hour + HOUR
    while hour < until:
        yield hour
        hour += HOUR


def _instant(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
