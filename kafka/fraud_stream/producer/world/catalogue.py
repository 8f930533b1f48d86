"""Categories and products; every product has one price in each currency.

An order aims at a log-normal amount and takes the product whose price comes closest, so amounts
stay log-normal while prices stay prices.
"""

import math
from functools import cache

import msgspec
import numpy as np
from numpy.typing import NDArray

from fraud_core.currency import MINOR_UNIT_DIGITS
from fraud_stream.producer.world.fragments import whole
from fraud_stream.producer.world.places import COUNTRIES, CURRENCIES

STEPS = 120
"""Products a category, at prices in equal ratios over the width of the category."""
QUANTITIES = (1, 2, 3, 4, 5)
QUANTITY_WEIGHTS = (0.86, 0.09, 0.03, 0.01, 0.01)
_WIDTH = 3.0
"""Prices reach so many standard deviations to either side of the median."""


class Category(msgspec.Struct, frozen=True):
    """`median` in dollars of a one-line order; `sigma` of its logarithm; `weight` of its shops."""

    name: str
    median: float
    sigma: float
    weight: float


CATEGORIES = (
    Category("groceries", 34, 0.55, 12),
    Category("fashion", 46, 0.65, 18),
    Category("electronics", 140, 0.85, 14),
    Category("home", 58, 0.75, 12),
    Category("beauty", 27, 0.55, 10),
    Category("toys", 29, 0.6, 7),
    Category("books", 17, 0.5, 7),
    Category("sports", 52, 0.7, 7),
    Category("digital_goods", 21, 0.7, 5),
    Category("pet_supplies", 31, 0.5, 4),
    Category("garden", 47, 0.7, 2),
    Category("jewellery", 110, 0.8, 2),
)
SIGMAS = np.array([category.sigma for category in CATEGORIES])


class Catalogue:
    """Prices in minor units, and each (category, currency, step, quantity) as a JSON piece."""

    def __init__(self) -> None:
        self.digits = np.array([MINOR_UNIT_DIGITS[currency] for currency in CURRENCIES])
        rates = {country.currency: country.rate for country in COUNTRIES}
        self.prices: NDArray[np.int64] = np.array(
            [
                [self._ladder(category, currency, rates[currency]) for currency in CURRENCIES]
                for category in CATEGORIES
            ]
        )
        self.pieces: NDArray[np.object_] = np.empty(
            (*self.prices.shape, len(QUANTITIES)), dtype=object
        )
        for category, currency, step, quantity in np.ndindex(*self.pieces.shape):
            self.pieces[category, currency, step, quantity] = self.line(
                category, currency, step, QUANTITIES[quantity]
            )
        self.further = b"," + self.pieces

    def step(self, category: int, dollars: float) -> int:
        """The product of the category that costs about `dollars`."""
        kind = CATEGORIES[category]
        position = (math.log(dollars / kind.median) / kind.sigma + _WIDTH) / (2 * _WIDTH)
        return min(max(round(position * (STEPS - 1)), 0), STEPS - 1)

    def line(self, category: int, currency: int, step: int, quantity: int) -> bytes:
        """One line of a basket as a JSON object."""
        return whole(
            {
                "product_id": f"prd_{CATEGORIES[category].name}_{step}",
                "category": CATEGORIES[category].name,
                "quantity": quantity,
                "unit_price": int(self.prices[category, currency, step])
                / 10 ** int(self.digits[currency]),
            }
        )

    def _ladder(self, category: Category, currency: str, rate: float) -> list[int]:
        ratio = math.exp(2 * _WIDTH * category.sigma / (STEPS - 1))
        lowest = category.median * rate * math.exp(-_WIDTH * category.sigma)
        return [_shop_price(lowest * ratio**step, currency) for step in range(STEPS)]


@cache
def the_catalogue() -> Catalogue:
    """The one there is: it depends on no seed, and takes a moment to render."""
    return Catalogue()


def nearest_steps(deviations: NDArray[np.float64]) -> NDArray[np.int64]:
    """Steps of the products nearest to prices so many standard deviations off the median."""
    steps = np.rint((deviations + _WIDTH) * ((STEPS - 1) / (2 * _WIDTH)))
    return np.clip(steps, 0, STEPS - 1).astype(np.int64)


def _shop_price(price: float, currency: str) -> int:
    """Minor units of a price as shops write it: 12.99, 1,990 yen, 249,000 dong."""
    if MINOR_UNIT_DIGITS[currency] == 0:
        unit = 1000 if price > 20_000 else 10
        return max(round(price / unit) * unit, unit)
    whole = max(round(price), 1)
    scale: int = 10 ** MINOR_UNIT_DIGITS[currency]
    return (
        whole * scale - scale // 100 if price > 5 else max(round(price * scale / 5) * 5, scale // 2)
    )
