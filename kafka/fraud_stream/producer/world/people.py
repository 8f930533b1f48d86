"""Customers: who they are, where they live, what they order with.

One factory makes every account, an honest pool customer as well as a fraudster's newest one, so
that no identifier, name or format tells them apart.
"""

from collections.abc import Sequence
from random import Random

import msgspec
from faker import Faker

from fraud_stream.producer.world.fragments import instant, members, whole
from fraud_stream.producer.world.gear import Gear
from fraud_stream.producer.world.places import COUNTRIES, Country, Place

MAIL_DOMAINS = ("gmail.com", "outlook.com", "yahoo.com", "icloud.com", "gmx.net", "proton.me")
DISPOSABLE_DOMAINS = ("mailinator.com", "guerrillamail.com", "10minutemail.com", "yopmail.com")


class Customer(msgspec.Struct, frozen=True):
    """An account; the bytes are JSON pieces, `spending` shifts the logarithm of its amounts."""

    customer_id: bytes
    place: Place
    created_at: int
    spending: float
    identity: bytes
    addresses: tuple[bytes, ...]
    devices: tuple[bytes, ...]
    payments: tuple[bytes, ...]
    network: bytes


class People:
    """Makes customers out of Faker's names, drawn once: `names` first and last ones a country."""

    def __init__(self, run: str, gear: Gear, seed: int, names: int) -> None:
        self._run = run
        self._gear = gear
        self._made = 0
        self._pools = {country.code: _Pool.fill(country, seed, names) for country in COUNTRIES}

    def make(
        self,
        random: Random,
        place: Place,
        created_at: int,
        *,
        guest: bool | None = None,
        disposable_mail: float = 0.01,
        surname: str | None = None,
        addresses: Sequence[bytes] = (),
        devices: Sequence[bytes] = (),
        payments: Sequence[bytes] = (),
        network: bytes = b"",
    ) -> Customer:
        """A new account at `place`; what is not given is its own.

        `disposable_mail` is the chance of a throw-away mailbox.
        """
        self._made += 1
        customer_id = f"cus_{self._run}_{self._made}"
        pool = self._pools[place.country.code]
        first, last = random.choice(pool.first), surname or random.choice(pool.last)
        return Customer(
            customer_id=customer_id.encode(),
            place=place,
            created_at=created_at,
            spending=random.gauss(0, 0.35),
            identity=members(
                {
                    "customer_id": customer_id,
                    "customer_email": self._email(random, pool, disposable_mail),
                    "customer_phone": _phone(random, place) if random.random() < 0.85 else None,
                    "customer_name": f"{first} {last}",
                    "customer_country": place.country.code,
                    "account_created_at": instant(created_at),
                    "is_guest": random.random() < 0.08 if guest is None else guest,
                }
            ),
            addresses=tuple(addresses) or self._addresses(random, place),
            devices=tuple(devices)
            or tuple(self._gear.device(random) for _ in range(random.choice((1, 1, 1, 2, 2, 3)))),
            payments=tuple(payments)
            or tuple(
                self._gear.payment(random, place.country) for _ in range(random.choice((1, 1, 2)))
            ),
            network=network or self._gear.network(random, place),
        )

    def address(self, random: Random, place: Place) -> bytes:
        """A new address in the city, as a JSON object."""
        pool = self._pools[place.country.code]
        return whole(
            {
                "country": place.country.code,
                "city": place.city,
                "postal_code": random.choice(pool.postal_codes),
                "latitude": round(place.latitude + random.gauss(0, 0.03), 5),
                "longitude": round(place.longitude + random.gauss(0, 0.03), 5),
            }
        )

    def surname(self, random: Random, place: Place) -> str:
        """A family name of the country."""
        return random.choice(self._pools[place.country.code].last)

    def _addresses(self, random: Random, place: Place) -> tuple[bytes, ...]:
        return tuple(self.address(random, place) for _ in range(1 if random.random() < 0.7 else 2))

    @staticmethod
    def _email(random: Random, pool: "_Pool", disposable: float) -> str:
        domains = DISPOSABLE_DOMAINS if random.random() < disposable else MAIL_DOMAINS
        tag = "+shop" if random.random() < 0.03 else ""
        handle = f"{random.choice(pool.handles)}{random.randrange(10_000)}"
        return f"{handle}{tag}@{random.choice(domains)}"


class _Pool(msgspec.Struct, frozen=True):
    first: list[str]
    last: list[str]
    handles: list[str]
    postal_codes: list[str]

    @classmethod
    def fill(cls, country: Country, seed: int, names: int) -> "_Pool":
        faker = Faker(country.locale)
        faker.seed_instance(f"{seed} {country.code}")
        times = range(names)
        return cls(
            first=[faker.first_name() for _ in times],
            last=[faker.last_name() for _ in times],
            handles=[faker.user_name() for _ in times],
            postal_codes=[faker.postcode() for _ in times],
        )


def _phone(random: Random, place: Place) -> str:
    """At most twelve digits, so that no number can be taken for a card's."""
    return f"{place.country.dial}{random.randrange(10**8, 10**9)}"
