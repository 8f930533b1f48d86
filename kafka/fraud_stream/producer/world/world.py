"""The whole marketplace of one seed, ready to draw orders from."""

from itertools import accumulate
from random import Random

from faker import Faker

from fraud_stream.producer.units import DAY
from fraud_stream.producer.world.catalogue import the_catalogue
from fraud_stream.producer.world.fragments import members, opaque
from fraud_stream.producer.world.gear import Gear
from fraud_stream.producer.world.people import Customer, People
from fraud_stream.producer.world.places import COUNTRIES, Place, make_places
from fraud_stream.producer.world.shops import make_shops

CUSTOMERS_A_SHOP = 60
VOUCHERS = 40
REFERRERS = 60
SESSION_LETTERS = 14
OLDEST_ACCOUNT = 5 * 365 * DAY


class Voucher:
    """A code with its promotion, and the share of the basket that it takes off."""

    def __init__(self, random: Random, word: str, number: int) -> None:
        self.percent = random.choice((5, 10, 10, 15, 20))
        self.piece = members(
            {
                "voucher_code": f"{word.upper()}{self.percent}",
                "promotion_id": f"promo_{number % 12}",
            }
        )


class World:
    """Customers, shops, products, vouchers; the same for the same seed, start and size.

    `random` is used up while it is built; whoever draws orders brings a generator of its own.
    """

    def __init__(self, seed: int, customers: int, start: int) -> None:
        self._random = Random(f"world {seed}")  # noqa: S311 - simulation, not security
        faker = Faker()
        faker.seed_instance(seed)
        self.run = opaque(self._random, 8)
        self.places = make_places(faker)
        self._place_weights = _cumulative(self.places)
        self.catalogue = the_catalogue()
        self.gear = Gear(faker, self._random, self.run, self.places)
        self.people = People(self.run, self.gear, seed, _names(customers))
        self.customers = [self._customer(start) for _ in range(customers)]
        self.shops = make_shops(self._random, self.run, self._owners())
        self.vouchers = [
            Voucher(self._random, word, number)
            for number, word in enumerate(faker.words(VOUCHERS, unique=True))
        ]
        self.referrers = [b""] * (REFERRERS // 2) + [
            members({"referrer_url": faker.uri()}) for _ in range(REFERRERS // 2)
        ]

    def place(self, random: Random) -> Place:
        """A city, by its country's share of the market."""
        return random.choices(self.places, cum_weights=self._place_weights)[0]

    def _customer(self, start: int) -> Customer:
        place = self.place(self._random)
        return self.people.make(self._random, place, start - self._age())

    def _age(self) -> int:
        """Milliseconds; young accounts are commoner than old ones."""
        return DAY + int(min(self._random.expovariate(1 / (500 * DAY)), OLDEST_ACCOUNT))

    def _owners(self) -> list[Customer]:
        """One customer in sixty runs a shop; every country has at least two shops."""
        chosen = self.customers[::CUSTOMERS_A_SHOP]
        for country in COUNTRIES:
            here = [c for c in self.customers if c.place.country is country]
            have = sum(owner.place.country is country for owner in chosen)
            chosen += here[1 : 1 + max(0, 2 - have)]
        return chosen


def _names(customers: int) -> int:
    """Drawing names is most of the time that a small world takes to make; it needs fewer."""
    return min(max(customers // 30, 40), 300)


def _cumulative(places: tuple[Place, ...]) -> list[float]:
    """Each country's weight shared evenly among its cities, running total."""
    cities = {c.code: sum(place.country is c for place in places) for c in COUNTRIES}
    return list(accumulate(place.country.weight / cities[place.country.code] for place in places))
