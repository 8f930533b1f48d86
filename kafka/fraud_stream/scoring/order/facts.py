"""What a rule can ask about the order itself: each fact with its type, meaning and source.

A fact is missing (None) when the event leaves it out; an empty text counts as left out.
"""

from fraud_stream.scoring.order.fact import Fact, age, internal, of_form, one_of, part, plain, text
from fraud_stream.scoring.order.text_forms import (
    CARD_BIN,
    COUNTRY,
    CURRENCY,
    DOMAIN,
    PAYMENT_METHOD,
)

_FACTS: tuple[Fact, ...] = (
    # Money and kind.
    Fact(
        "currency",
        "text",
        "ISO 4217 code.",
        ("currency, _scale = _CURRENCY[_event.currency]",),
        nullable=False,
        form=CURRENCY,
    ),
    Fact(
        "amount",
        "money",
        "The order's amount; a refund's without its sign, which shops write either way.",
        (
            "amount = round(_event.amount * _scale)",
            "if amount < 0 and _event.transaction_type == 'refund': amount = -amount",
        ),
        ("currency",),
        nullable=False,
        minimum=float("-inf"),
        unit="minor units",
    ),
    Fact(
        "discount",
        "money",
        "Discount granted on the order; missing when none is named.",
        (
            "discount = _event.discount_amount",
            "if discount is not None: discount = round(discount * _CURRENCY[currency][1])",
        ),
        ("currency",),
        unit="minor units",
    ),
    Fact(
        "payment_method",
        "text",
        "How it is paid, in lower case, with _ for spaces and hyphens.",
        ("payment_method = _payment_method(_event.payment_method)",),
        nullable=False,
        form=PAYMENT_METHOD,
    ),
    one_of("transaction_type", "purchase", "refund"),
    one_of("transaction_status", "approved", "declined", "pending"),
    text("decline_code", "Why the payment was declined."),
    Fact(
        "is_refund",
        "flag",
        "Whether it is a refund; an unnamed type is a purchase.",
        ("is_refund = _event.transaction_type == 'refund'",),
        nullable=False,
        maximum=1,
    ),
    Fact(
        "is_declined",
        "flag",
        "Whether the payment was declined; an unnamed status is none.",
        ("is_declined = _event.transaction_status == 'declined'",),
        nullable=False,
        maximum=1,
    ),
    Fact(
        "has_voucher",
        "flag",
        "Whether a voucher was used.",
        ("has_voucher = bool(_event.voucher_code)",),
        nullable=False,
        maximum=1,
    ),
    # The basket.
    Fact(
        "quantity",
        "count",
        "Pieces in the basket; missing without items.",
        (
            "_items = _event.items",
            "quantity = None",
            "if _items:",
            "    quantity = 0",
            "    for _item in _items: quantity += _item.quantity",
        ),
        unit="pieces",
        minimum=1,
        derived=True,
    ),
    Fact(
        "lines",
        "count",
        "Lines of the basket; missing without items.",
        ("lines = len(_event.items) or None",),
        unit="lines",
        minimum=1,
        derived=True,
    ),
    # The customer as of now.
    text("customer_email", "The e-mail address as given."),
    text("customer_name", "The customer's name."),
    of_form("customer_country", COUNTRY, "ISO 3166 code of the customer's country."),
    plain("is_guest", "flag", "Whether it is a guest checkout.", maximum=1),
    plain("failed_login_attempts", "count", "Failed logins before this session.", "attempts"),
    age(
        "account_age_days",
        "account_created_at",
        "86400",
        "days",
        "Days since the account was made.",
    ),
    age(
        "password_age_hours",
        "password_changed_at",
        "3600",
        "hours",
        "Hours since the password was changed; missing when that is unknown.",
    ),
    Fact(
        "email_domain",
        "text",
        "What stands behind the @, in lower case; it is in a list that holds it or a domain "
        "above it.",
        ("email_domain = _domain",),
        ("_mailbox",),
        form=DOMAIN,
    ),
    Fact(
        "name_email_similarity",
        "number",
        "How much of the name stands in the e-mail address, 0 to 1; missing when either has no "
        "Latin letters.",
        ("name_email_similarity = _likeness(_event.customer_name, _key_email)",),
        ("_mailbox",),
        maximum=1,
        unit="share",
        derived=True,
    ),
    Fact(
        "profile_completeness",
        "number",
        "Share of name, e-mail, phone, country, delivery and billing address that are given.",
        (
            "profile_completeness = ((1 if _event.customer_name else 0)"
            " + (1 if _event.customer_email else 0) + (1 if _event.customer_phone else 0)"
            " + (1 if _event.customer_country else 0) + (_event.shipping is not None)"
            " + (_event.billing is not None)) / 6",
        ),
        nullable=False,
        maximum=1,
        unit="share",
        derived=True,
    ),
    # Device, network, card.
    text("device_type", "phone, desktop, tablet or what the sender calls it."),
    text("device_os", "The operating system."),
    text("browser", "The browser."),
    text("referrer_url", "Where the visitor came from."),
    plain("is_vpn", "flag", "Whether the IP address belongs to a VPN or proxy.", maximum=1),
    of_form("ip_country", COUNTRY, "Country of the IP address."),
    of_form("card_country", COUNTRY, "Country that issued the card."),
    of_form("card_bin", CARD_BIN, "The first digits of the card, which name its issuer."),
    of_form("merchant_country", COUNTRY, "Country of the shop."),
    text("merchant_category", "What the shop sells."),
    part("shipping", "country", "Country that the goods go to.", COUNTRY),
    part("shipping", "city", "City that the goods go to."),
    part("billing", "country", "Country of the bill.", COUNTRY),
    # Where and when.
    Fact(
        "ip_shipping_km",
        "number",
        "Distance between the place of the IP address and the delivery.",
        (
            "_there = _place_at(_shipping.latitude, _shipping.longitude) "
            "if _shipping is not None else None",
            "ip_shipping_km = None if _place is None or _there is None "
            "else _kilometres(_place, _there)",
        ),
        ("_place", "_shipping"),
        maximum=20_100,
        unit="km",
        derived=True,
    ),
    Fact(
        "local_hour",
        "count",
        "Hour of the day in the customer's own zone, 0 to 23.",
        (
            "local_hour = _local_hour(_time, _event.ip_longitude "
            "if _shipping is None or _shipping.longitude is None else _shipping.longitude)",
        ),
        ("_shipping",),
        maximum=23,
        unit="hour",
        derived=True,
    ),
    Fact(
        "buyer_is_owner",
        "flag",
        "Whether the customer owns the shop.",
        (
            "_owner = _event.merchant_owner_id",
            "buyer_is_owner = None if _owner is None else _owner == _event.customer_id",
        ),
        maximum=1,
        derived=True,
    ),
    # What other facts and the histories are keyed by; rules cannot name these.
    internal("_shipping", "_shipping = _event.shipping"),
    internal("_billing", "_billing = _event.billing"),
    internal("_mailbox", "_key_email, _domain = _mailbox(_event.customer_email)"),
    internal("_place", "_place = _place_at(_event.ip_latitude, _event.ip_longitude)"),
    internal("_key_customer", "_key_customer = _event.customer_id"),
    internal("_key_device", "_key_device = _event.device_id"),
    internal(
        "_key_ip",
        "_key_ip = _network(_event.ip_address) if _event.ip_address else None",
    ),
    internal("_key_card", "_key_card = _event.card_fingerprint"),
    internal("_key_email", needs=("_mailbox",)),
    internal(
        "_key_address",
        "_key_address = None if _shipping is None else _address_key(_shipping.country, "
        "_shipping.postal_code, _shipping.latitude, _shipping.longitude)",
        needs=("_shipping",),
    ),
    internal("_key_voucher", "_key_voucher = _event.voucher_code"),
    internal("_key_shop", "_key_shop = _event.merchant_id"),
    internal("_key_owner", "_key_owner = _event.merchant_owner_id"),
    internal("_key_category", "_key_category = _event.merchant_category or None"),
)

FACTS: dict[str, Fact] = {fact.name: fact for fact in _FACTS}
