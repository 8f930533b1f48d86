"""What is remembered of an order: one tuple, shared by the histories of all its entities."""

from typing import NamedTuple

Place = tuple[int, int, int]
"""A point on the unit sphere, in whole 1e-7 of the earth's radius, so that sums are exact."""


class OrderRecord(NamedTuple):
    """The order's part of state; column 0 is its time, so that records sort and bisect by time.

    Kept as a plain tuple of this layout: half the cost to make. Times are microseconds since 1970
    in UTC, amounts whole minor units. `declined` and `refund` are 0 or 1, to be summed.
    """

    at: int
    amount: int
    currency: str
    customer: str
    device: str | None
    ip: str | None
    card: str | None
    email: str | None
    address: str | None
    voucher: str | None
    shop: str
    owner: str | None
    category: str | None
    place: Place | None
    declined: int
    refund: int


class LabelRecord(NamedTuple):
    """A released label's part of state: when it became known, and whose order it was about."""

    at: int
    fraud: int
    shop: str
    device: str | None
    card: str | None


ORDER_COLUMN = {name: index for index, name in enumerate(OrderRecord._fields)}
LABEL_COLUMN = {name: index for index, name in enumerate(LabelRecord._fields)}
