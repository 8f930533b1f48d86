"""Draws baskets: products, quantities, vouchers, and an amount that they add up to."""

import numpy as np
from numpy.typing import NDArray

from fraud_stream.producer.render import AMOUNT, NO_VOUCHER, Column
from fraud_stream.producer.tables import Indices, Tables, objects
from fraud_stream.producer.world.catalogue import QUANTITY_WEIGHTS, SIGMAS, Catalogue, nearest_steps

VOUCHER_SHARE = 0.07
MOST_LINES = 4
_LINES = np.array([0.62, 0.84, 0.94, 1.0])
"""Cumulative shares of baskets with one to four lines."""
_QUANTITIES = np.cumsum(QUANTITY_WEIGHTS)
_SMALLER_LINES = 0.7
"""A basket of n lines is worth n^0.3 times one of a single line."""


class BasketDrawer:
    """Baskets for customers at shops, thousands at a time."""

    def __init__(self, tables: Tables, catalogue: Catalogue, random: np.random.Generator) -> None:
        self._tables = tables
        self._catalogue = catalogue
        self._random = random

    def draw(self, customer: Indices, shop: Indices) -> list[Column]:
        """Amount, currency, lines and voucher; lines less the discount are the amount."""
        tables, catalogue, length = self._tables, self._catalogue, len(customer)
        currency = tables.currency[customer]
        digits = catalogue.digits[currency]
        lines = 1 + np.searchsorted(_LINES, self._random.random(length))
        product = self._products(customer, shop, lines)
        category, _, step, quantity = product
        prices = catalogue.prices[category, currency, step] * (quantity + 1)
        there = np.arange(MOST_LINES)[:, None] < lines[None, :]
        total = np.where(there, prices, 0).sum(axis=0)
        voucher, is_used = self._vouchers(length)
        discount = np.where(is_used, total * tables.percents[voucher] // 100, 0)
        return [
            [AMOUNT] * length,
            decimals(total - discount, digits),
            tables.currencies[currency].tolist(),
            catalogue.pieces[tuple(product[:, 0])].tolist(),
            *(self._further_line(product, line, lines > line) for line in range(1, MOST_LINES)),
            np.where(is_used, tables.vouchers[voucher], NO_VOUCHER).tolist(),
            _where(is_used, decimals(discount, digits)),
        ]

    def _products(self, customer: Indices, shop: Indices, lines: Indices) -> Indices:
        """Category, currency, step and quantity of four lines each, whether there or not."""
        tables, shape = self._tables, (MOST_LINES, len(customer))
        category = tables.category[shop]
        mean = tables.spending[customer] + tables.level[shop] - np.log(lines) * _SMALLER_LINES
        step = nearest_steps(mean / SIGMAS[category] + self._random.standard_normal(shape))
        quantity = np.searchsorted(_QUANTITIES, self._random.random(shape))
        currency = np.broadcast_to(tables.currency[customer], shape)
        return np.stack([np.broadcast_to(category, shape), currency, step, quantity])

    def _vouchers(self, length: int) -> tuple[Indices, NDArray[np.bool_]]:
        """A voucher each, and whether it is used."""
        vouchers = len(self._tables.vouchers)
        drawn = self._random.integers(0, int(vouchers / VOUCHER_SHARE), length)
        return np.minimum(drawn, vouchers - 1), drawn < vouchers

    def _further_line(self, product: Indices, line: int, there: NDArray[np.bool_]) -> Column:
        column = np.full(len(there), b"", dtype=object)
        column[there] = self._catalogue.further[tuple(product[:, line, there])]
        return column.tolist()


def _where(is_there: NDArray[np.bool_], pieces: Column) -> Column:
    return [piece if there else b"" for piece, there in zip(pieces, is_there.tolist(), strict=True)]


_FRACTIONS = objects(
    [b"", *(b".%02d" % cent for cent in range(100)), *(b".%03d" % mill for mill in range(1000))]
)
_FIRST_FRACTION = np.array([0, 0, 1, 101])
"""Position in the fractions by number of decimals."""


def decimals(minor: NDArray[np.int64], digits: NDArray[np.int64]) -> Column:
    """Minor units as exact JSON numbers in major units."""
    major, rest = np.divmod(minor, 10**digits)
    fractions = _FRACTIONS[_FIRST_FRACTION[digits] + rest]
    return [b"%d%b" % pair for pair in zip(major.tolist(), fractions.tolist(), strict=True)]
