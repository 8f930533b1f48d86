"""The contract of an order event, version 1: JSON in UTF-8, keyed by `customer_id`.

The event carries facts and never the verdict. `kafka/schemas/` holds the same contract as JSON
Schema for producers in other languages; `fraud schemas` writes it and a test holds it in step.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

SCHEMA_VERSION = 1

MAX_ITEMS = 10_000

OLDEST_EVENT = datetime(2000, 1, 1, tzinfo=UTC)
"""Older times come from clocks that were never set, unless somebody replays a longer past."""

FUTURE_LIMIT = timedelta(hours=1)
"""How far an order's time may be ahead of its message's, or of landing for a message without one;
more would push watermarks ahead."""

LONGEST_ID = 128
Id = Annotated[str, Meta(min_length=1, max_length=LONGEST_ID)]
OptionalId = Id | None
Text = Annotated[str, Meta(max_length=512)]
OptionalText = Text | None
Country = Annotated[str, Meta(pattern="^[A-Z]{2}(?!\\n)$", description="ISO 3166-1 alpha-2")]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}(?!\\n)$", description="ISO 4217")]
Instant = Annotated[datetime, Meta(tz=True, description="RFC 3339 with an offset")]
Latitude = Annotated[float, Meta(ge=-90, le=90)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]
Count = Annotated[int, Meta(ge=0, le=2_147_483_647)]
Money = Annotated[float, Meta(ge=0, le=10_000_000_000, description="major units")]


class Address(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where goods or the bill go; every part may be unknown."""

    country: Country | None = None
    city: OptionalText = None
    postal_code: OptionalText = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None


class Item(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the basket; `unit_price` is in the order's currency."""

    product_id: Id
    quantity: Annotated[int, Meta(ge=1, le=2_147_483_647)]
    unit_price: Money
    category: OptionalText = None


class OrderEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One order, purchase or refund, as the shop knew it at `event_time`.

    `amount` is in major units of `currency` (12.34 euro) with no more decimals than the currency
    has: what the items cost, less the discount; shipping and tax, where charged, are items. A
    refund is of all of it or of a part. Unknown extra fields are allowed and kept with the raw
    message. Nothing in it may hold a card number.
    """

    schema_version: int
    transaction_id: Id
    customer_id: Id
    merchant_id: Id
    event_time: Instant
    amount: float
    currency: Currency
    payment_method: Id

    session_id: OptionalId = None
    merchant_owner_id: OptionalId = None
    device_id: OptionalId = None

    transaction_type: Literal["purchase", "refund"] | None = None
    transaction_status: Literal["approved", "declined", "pending"] | None = None
    decline_code: OptionalText = None

    items: Annotated[tuple[Item, ...], Meta(max_length=MAX_ITEMS)] = ()
    voucher_code: OptionalId = None
    promotion_id: OptionalId = None
    discount_amount: Money | None = None

    card_fingerprint: OptionalId = None
    card_bin: Annotated[str, Meta(pattern="^[0-9]{6,8}(?!\\n)$")] | None = None
    card_country: Country | None = None

    customer_email: OptionalText = None
    customer_phone: OptionalText = None
    customer_name: OptionalText = None
    customer_country: Country | None = None
    account_created_at: Instant | None = None
    is_guest: bool | None = None
    failed_login_attempts: Count | None = None
    password_changed_at: Instant | None = None

    device_type: OptionalText = None
    device_os: OptionalText = None
    browser: OptionalText = None
    browser_fingerprint: OptionalId = None
    ip_address: OptionalText = None
    ip_country: Country | None = None
    ip_latitude: Latitude | None = None
    ip_longitude: Longitude | None = None
    is_vpn: bool | None = None
    referrer_url: Annotated[str, Meta(max_length=2048)] | None = None

    merchant_category: OptionalText = None
    merchant_country: Country | None = None

    shipping: Address | None = None
    billing: Address | None = None


class LabelEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was learned about an order after it was decided, keyed by `transaction_id`.

    It comes on a topic of its own, with its own time: nothing may know it before `labelled_at`.
    `injected` is the simulation's own truth, for judging a detector and never for feeding one;
    its `reason` names the attack, or the honest pattern that merely looks like one.
    """

    transaction_id: Id
    label: Literal["fraud", "legitimate"]
    source: Literal["chargeback", "manual_review", "injected"]
    labelled_at: Instant
    reason: OptionalText = None
