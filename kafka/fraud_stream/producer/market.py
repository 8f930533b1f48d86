"""What scenarios make orders with: the same world, the same pieces as everyday orders."""

from random import Random

from fraud_stream.producer.render import AMOUNT, DECLINE_CODES, PURCHASE, Draft
from fraud_stream.producer.rhythm import Rhythm
from fraud_stream.producer.tables import DISCOUNT, currency_piece
from fraud_stream.producer.units import DAY, HOUR, MINUTE
from fraud_stream.producer.world.catalogue import CATEGORIES, Catalogue
from fraud_stream.producer.world.fragments import decimal, instant, members, opaque
from fraud_stream.producer.world.gear import Gear
from fraud_stream.producer.world.people import Customer, People
from fraud_stream.producer.world.places import COUNTRIES, CURRENCIES, Place
from fraud_stream.producer.world.shops import Shop
from fraud_stream.producer.world.world import SESSION_LETTERS, Voucher, World

RATES = {country.currency: country.rate for country in COUNTRIES}


class Market:
    """One order at a time, at leisure; drawing many is `Drawer`'s work.

    `random` is a scenario's only source of chance.
    """

    def __init__(self, world: World, seed: int) -> None:
        self.random = Random(f"market {seed}")  # noqa: S311 - simulation, not security
        self.world = world
        self._zones = tuple(sorted({place.zone for place in world.places}))
        self._rhythm = Rhythm(self._zones)
        self._shops_of = {
            number: [shop for shop in world.shops if shop.category == number]
            for number in range(len(CATEGORIES))
        }

    @property
    def gear(self) -> Gear:
        """Makes devices, networks and means of payment."""
        return self.world.gear

    @property
    def people(self) -> People:
        """Makes accounts and addresses."""
        return self.world.people

    def customer(self) -> Customer:
        """Anyone with an account, heavy customers as likely as others."""
        return self.random.choice(self.world.customers)

    def newcomer(self, created_at: int, place: Place | None = None) -> Customer:
        """Somebody who has just made an account."""
        return self.people.make(self.random, place or self.world.place(self.random), created_at)

    def shop(self, *categories: str) -> Shop:
        """Any shop, or one that sells one of the categories."""
        if not categories:
            return self.random.choice(self.world.shops)
        names = [category.name for category in CATEGORIES]
        return self.random.choice(self._shops_of[names.index(self.random.choice(categories))])

    def elsewhere(self, place: Place) -> Place:
        """A city in another country."""
        while True:
            other = self.world.place(self.random)
            if other.country is not place.country:
                return other

    def declined(self) -> bytes:
        """The status of an order that the bank refused."""
        code = self.random.choice(DECLINE_CODES)
        return members(
            {
                "transaction_type": "purchase",
                "transaction_status": "declined",
                "decline_code": code,
            }
        )

    def session(self) -> bytes:
        """A new visit."""
        return opaque(self.random, SESSION_LETTERS).encode()

    def at_hour(self, customer: Customer, after: int, hour: float) -> int:
        """The next time after `after` that the customer's clock shows `hour`."""
        local = after + self.offset(customer.place, after) * MINUTE
        wanted = local // DAY * DAY + int(hour * HOUR)
        return after + (wanted - local) % DAY

    def offset(self, place: Place, at: int) -> int:
        """Minutes that the city's clock is ahead of UTC."""
        second = at // 1000
        return self._rhythm.offset(self._zones.index(place.zone), second, second // 86_400)

    def usual_dollars(self, customer: Customer, shop: Shop) -> float:
        """What such a customer spends in such a shop, drawn like everyday amounts."""
        category = CATEGORIES[shop.category]
        mean = customer.spending + shop.level
        return category.median * self.random.lognormvariate(mean, category.sigma)

    def order(
        self,
        customer: Customer,
        at: int,
        *,
        shop: Shop | None = None,
        dollars: float | None = None,
        quantity: int = 1,
        voucher: Voucher | None = None,
        session: bytes | None = None,
        device: bytes | None = None,
        network: bytes | None = None,
        payment: bytes | None = None,
        shipping: bytes | None = None,
        billing: bytes | None = None,
        status: bytes = PURCHASE,
        failed_logins: int | None = None,
        password_changed_at: int | None = None,
        is_cover: bool = False,
    ) -> Draft:
        """An order; what is not given is as usual for the customer.

        `dollars` is the whole basket's worth, in the customer's currency on the order.
        """
        shop = shop or self.shop()
        if dollars is None:
            dollars = self.usual_dollars(customer, shop)
        return Draft(
            at=at,
            offset=self.offset(customer.place, at),
            customer_id=customer.customer_id,
            session=session or self.session(),
            identity=customer.identity,
            shop=shop.identity,
            device=device or self.random.choice(customer.devices),
            network=network or customer.network,
            payment=payment or customer.payments[0],
            money=self._money(customer, shop, dollars, quantity, voucher),
            login=self._login(failed_logins, password_changed_at),
            status=status,
            shipping=shipping or customer.addresses[0],
            billing=billing or customer.addresses[0],
            referrer=self.random.choice(self.world.referrers),
            is_cover=is_cover,
        )

    def _login(self, failed: int | None, changed_at: int | None) -> bytes:
        if failed is None:
            failed = 0 if self.random.random() < 0.955 else 1
        return members(
            {
                "failed_login_attempts": failed,
                "password_changed_at": None if changed_at is None else instant(changed_at),
            }
        )

    def _money(
        self, customer: Customer, shop: Shop, dollars: float, quantity: int, voucher: Voucher | None
    ) -> bytes:
        catalogue: Catalogue = self.world.catalogue
        code = customer.place.country.currency
        currency = CURRENCIES.index(code)
        digits = int(catalogue.digits[currency])
        step = catalogue.step(shop.category, max(dollars / quantity, 0.01))
        price = int(catalogue.prices[shop.category, currency, step])
        if quantity == 1:
            quantity = max(1, round(dollars * RATES[code] * 10**digits / price))
        total = price * quantity
        discount = total * voucher.percent // 100 if voucher else 0
        ending = voucher.piece + DISCOUNT + decimal(discount, digits) if voucher else b""
        line = catalogue.line(shop.category, currency, step, quantity)
        return (
            AMOUNT + decimal(total - discount, digits) + currency_piece(code) + line + b"]" + ending
        )
