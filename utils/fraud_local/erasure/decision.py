"""A decision without the customer: numbers stay, and every text that quotes him goes. Pure."""

import json
from decimal import Decimal
from typing import Any

import msgspec

SHOWN_TEXTS = frozenset(
    {
        *("currency", "payment_method", "transaction_type", "transaction_status", "decline_code"),
        *("customer_country", "device_type", "device_os", "browser", "ip_country", "card_country"),
        *("card_bin", "merchant_country", "merchant_category", "shipping_country"),
        "billing_country",
    }
)
"""What dbt's macro `shown_texts` shows to analysts; any other text may say who it was."""

Document = dict[str, Any]


def erased_reasons(text: str) -> str:
    """An array of reasons: texts that may say who it was go, with the sentences quoting them."""
    return _dumped([_erased_reason(reason) for reason in _loaded(text)])


def erased_features(text: str) -> str:
    """The features, without texts."""
    return _dumped({name: _numeric(name, value) for name, value in _loaded(text).items()})


def erased_lists(text: str) -> str:
    """Which lists the order met, not by what."""
    return _dumped([{**entry, "value": "erased"} for entry in _loaded(text)])


def _erased_reason(reason: Document) -> Document:
    values = reason.get("values") or {}
    erased = {name: _numeric(name, value) for name, value in values.items()}
    if erased == values:
        return reason
    return {**reason, "values": erased, "sentence": "erased"}


def _numeric(name: str, value: Any) -> Any:
    return "erased" if isinstance(value, str) and name not in SHOWN_TEXTS else value


def _loaded(text: str) -> Any:
    return json.loads(text, parse_float=Decimal)


def _dumped(value: Any) -> str:
    return _encode(value).decode()


_encode = msgspec.json.Encoder(decimal_format="number").encode
