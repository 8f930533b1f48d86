"""Countries with their currency, and cities with coordinates and a time zone (Faker's own)."""

import msgspec
from faker import Faker


class Country(msgspec.Struct, frozen=True):
    """A market: `weight` is its share of customers, `rate` units of its currency to a dollar.

    Rates are rounded on purpose: they set the size of amounts, not their worth.
    """

    code: str
    locale: str
    currency: str
    rate: float
    dial: str
    weight: float


COUNTRIES = (
    Country("US", "en_US", "USD", 1, "+1", 24),
    Country("GB", "en_GB", "GBP", 0.8, "+44", 11),
    Country("DE", "de_DE", "EUR", 0.9, "+49", 13),
    Country("FR", "fr_FR", "EUR", 0.9, "+33", 9),
    Country("IT", "it_IT", "EUR", 0.9, "+39", 6),
    Country("ES", "es_ES", "EUR", 0.9, "+34", 6),
    Country("NL", "nl_NL", "EUR", 0.9, "+31", 4),
    Country("PL", "pl_PL", "PLN", 4, "+48", 4),
    Country("CA", "en_CA", "CAD", 1.4, "+1", 4),
    Country("AU", "en_AU", "AUD", 1.5, "+61", 4),
    Country("BR", "pt_BR", "BRL", 5, "+55", 4),
    Country("IN", "en_IN", "INR", 84, "+91", 4),
    Country("JP", "ja_JP", "JPY", 150, "+81", 4),
    Country("VN", "vi_VN", "VND", 25_000, "+84", 2),
    Country("TN", "fr_FR", "TND", 3.1, "+216", 1),
)
CURRENCIES = tuple(sorted({country.currency for country in COUNTRIES}))


class Place(msgspec.Struct, frozen=True):
    """A city; `number` is its position in the world's list of places."""

    number: int
    country: Country
    city: str
    latitude: float
    longitude: float
    zone: str


def make_places(faker: Faker) -> tuple[Place, ...]:
    """Every city that Faker knows in our countries, in a fixed order."""
    found = [
        (country, city, float(latitude), float(longitude), zone)
        for country in COUNTRIES
        for latitude, longitude, city, code, zone in sorted(_land(faker))
        if code == country.code
    ]
    return tuple(Place(number, *place) for number, place in enumerate(found))


def _land(faker: Faker) -> tuple[tuple[str, str, str, str, str], ...]:
    """Faker's table of real cities; `local_latlng` draws from it, we want it whole."""
    provider = next(p for p in faker.get_providers() if hasattr(p, "land_coords"))
    return provider.land_coords  # pyright: ignore[reportAttributeAccessIssue] - a class attribute of the geo provider
