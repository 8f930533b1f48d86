"""What orders are made with: devices, networks, cards and other means of payment."""

from random import Random

from faker import Faker

from fraud_stream.producer.world.fragments import members, opaque
from fraud_stream.producer.world.places import COUNTRIES, Country, Place

_BROWSERS = {
    "Android": ("phone", ("Chrome Mobile", "Samsung Internet", "Firefox Mobile")),
    "iOS": ("phone", ("Mobile Safari", "Chrome Mobile")),
    "iPadOS": ("tablet", ("Mobile Safari",)),
    "Windows": ("desktop", ("Chrome", "Edge", "Firefox")),
    "macOS": ("desktop", ("Safari", "Chrome", "Firefox")),
    "Linux": ("desktop", ("Firefox", "Chrome")),
}
_SYSTEMS = tuple(_BROWSERS)
_SYSTEM_WEIGHTS = (34, 24, 6, 24, 10, 2)
_METHODS = ("card", "wallet", "bank_transfer", "pay_later", "cash_on_delivery")
_METHOD_WEIGHTS = (66, 14, 8, 7, 5)
SHARED_NETWORKS_A_CITY = 6
_BINS_A_COUNTRY = 12


class Gear:
    """Makes devices, networks and means of payment as JSON pieces."""

    def __init__(self, faker: Faker, random: Random, run: str, places: tuple[Place, ...]) -> None:
        self._run = run
        self._places = places
        self._bins = {
            country.code: [faker.credit_card_number()[:6] for _ in range(_BINS_A_COUNTRY)]
            for country in COUNTRIES
        }
        self._shared = [
            tuple(self.network(random, place) for _ in range(SHARED_NETWORKS_A_CITY))
            for place in places
        ]
        self._vpn = tuple(self.network(random, random.choice(places), vpn=True) for _ in range(200))

    def device(self, random: Random) -> bytes:
        """A device nobody has used yet."""
        (system,) = random.choices(_SYSTEMS, _SYSTEM_WEIGHTS)
        kind, browsers = _BROWSERS[system]
        return members(
            {
                "device_id": self._id("dev", random),
                "device_type": kind,
                "device_os": system,
                "browser": random.choice(browsers),
                "browser_fingerprint": opaque(random, 24),
            }
        )

    def network(self, random: Random, place: Place, *, vpn: bool = False) -> bytes:
        """A connection of its own in the city; with `vpn`, the exit of a VPN there."""
        return members(
            {
                "ip_address": _public_address(random),
                "ip_country": place.country.code,
                "ip_latitude": round(place.latitude + random.gauss(0, 0.05), 4),
                "ip_longitude": round(place.longitude + random.gauss(0, 0.05), 4),
                "is_vpn": vpn,
            }
        )

    def shared_networks(self, place: Place) -> tuple[bytes, ...]:
        """Mobile carriers and cafés of the city, which many customers share."""
        return self._shared[place.number]

    @property
    def vpn_exits(self) -> tuple[bytes, ...]:
        """VPN exits, used by the honest and by others."""
        return self._vpn

    def payment(self, random: Random, country: Country, method: str | None = None) -> bytes:
        """A new means of payment; a card only by its fingerprint and first six digits."""
        method = method or random.choices(_METHODS, _METHOD_WEIGHTS)[0]
        if method != "card" and not (method == "wallet" and random.random() < 0.5):
            return members({"payment_method": method})
        issuer = country if random.random() < 0.985 else random.choice(COUNTRIES)
        return members(
            {
                "payment_method": method,
                "card_fingerprint": self._id("card", random),
                "card_bin": random.choice(self._bins[issuer.code]),
                "card_country": issuer.code,
            }
        )

    def _id(self, kind: str, random: Random) -> str:
        return f"{kind}_{self._run}_{opaque(random, 12)}"


def _public_address(random: Random) -> str:
    """An IPv4 address outside of the private, loopback and multicast blocks."""
    first = random.choice((23, 31, 46, 62, 77, 81, 91, 103, 109, 138, 151, 177, 189, 203, 217))
    rest = random.getrandbits(24)
    return f"{first}.{rest >> 16}.{rest >> 8 & 255}.{rest & 255}"
