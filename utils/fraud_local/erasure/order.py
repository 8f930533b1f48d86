"""An order without the customer: the same money, shop and hour, and tokens for who it was. Pure.

Equal values of one customer have equal tokens, and what was absent stays absent. So whatever is
counted over the order (versions, profiles, addresses) counts the same before and after.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec

from fraud_core.events import OrderEvent
from fraud_core.pseudonym import pseudonym
from fraud_stream.scoring.order.identity import address_key, composed, mailbox, network

_KEPT = frozenset(OrderEvent.__struct_fields__) - {"referrer_url"}
_PLACES = ("ip_latitude", "ip_longitude")
_HIS_ALONE = frozenset(
    {"customer_email", "customer_phone", "card_fingerprint", "browser_fingerprint"}
)
_HOUR = timedelta(hours=1)
_OF_UTC = ("Z", "z", "+00:00", "-00:00", "+0000", "-0000")
"""As RFC 3339 and ISO 8601 write its offset."""

Values = dict[str, dict[str, str]]
"""By column of the warehouse: what stands in it now, and what shall stand there."""


class ErasedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """The new message, and what follows from it in the warehouse.

    `local_at` is the new local time, None when it stays or was unknown. `personal` are texts
    beside his id that he shares with nobody.
    """

    payload: str
    values: Values
    local_at: datetime | None
    personal: frozenset[str]


class Eraser:
    """Makes the tokens of one customer; they depend on nothing but him, the key and the value."""

    def __init__(self, secret: str, customer_id: str, erased_id: str) -> None:
        self._secret = secret
        self._customer_id = customer_id
        self._erased_id = erased_id

    def order(self, payload: str, event_time: datetime) -> ErasedOrder:
        """`payload` as it shall stand in raw.transactions_stream from now on."""
        sent: dict[str, msgspec.Raw] = msgspec.json.decode(payload, type=dict[str, msgspec.Raw])
        fields = {name: value for name, value in sent.items() if name in _KEPT}
        values: Values = {}
        personal: set[str] = set()
        said = {name: _plain(value) for name, value in sent.items()}
        fields["customer_id"] = _raw(self._erased_id)
        for name, (column, kind, fold, token) in _FIELDS.items():
            old = said.get(name)
            if isinstance(old, str) and old:
                folded = fold(old)
                new = "erased" if folded is None else token(self._token(kind, folded))
                fields[name] = _raw(new)
                values.setdefault(name, {}).update({old: new, composed(old): new})
                if name in _HIS_ALONE:
                    personal.add(old)
                self._note(values, column, kind, folded, fold(new))
        for name in ("shipping", "billing"):
            if isinstance(said.get(name), dict):
                fields[name] = _raw(self._address(name, said[name], values))
        for name in _PLACES:
            if said.get(name) is not None:
                fields[name] = _raw(0)
        local_at = _local_time(said, event_time)
        if local_at is not None:
            fields["event_time"] = _raw(_same_clock(event_time, local_at))
            local_at = _as_dbt_reads(event_time, local_at)
        return ErasedOrder(
            payload=msgspec.json.encode(fields).decode(),
            values=values,
            local_at=local_at,
            personal=frozenset(personal),
        )

    def _token(self, kind: str, folded: str) -> str:
        return pseudonym(self._secret, f"erased-{kind}", f"{self._customer_id}:{folded}")

    def _note(
        self, values: Values, column: str | None, kind: str, old: str | None, new: str | None
    ) -> None:
        """What becomes of the pseudonym that dbt made of the value."""
        if column and old is not None and new is not None:
            values.setdefault(column, {})[pseudonym(self._secret, kind, old)] = pseudonym(
                self._secret, kind, new
            )

    def _address(self, name: str, said: Mapping[str, Any], values: Values) -> dict[str, Any]:
        """The country, one token for all the rest, and coordinates in the open sea."""
        key = address_key(*(said.get(part) for part in _ADDRESS))
        token = self._token("address", key or msgspec.json.encode(said.get("postal_code")).decode())
        new = {part: said[part] for part in _ADDRESS if said.get(part) is not None}
        new.update({part: 0 for part in ("latitude", "longitude") if part in new})
        if key is not None or new.get("postal_code"):
            new["postal_code"] = token.upper()
        if said.get("city"):
            new["city"] = f"erased {self._token('city', said['city'])}"
        for part in ("city", "postal_code"):
            if said.get(part):
                values.setdefault(f"{name}_{part}", {})[said[part]] = new[part]
        self._note(
            values,
            f"{name}_pseudonym",
            "address",
            key,
            address_key(*(new.get(part) for part in _ADDRESS)),
        )
        return new


_ADDRESS = ("country", "postal_code", "latitude", "longitude")


def _folded_phone(number: str) -> str | None:
    return "".join(sign for sign in number if sign in "0123456789+") or None


def _folded_name(name: str) -> str | None:
    return " ".join(name.split()).lower() or None


def _address_of(token: str) -> str:
    """An IPv6 address of the range for private use, whose /64 is the token's."""
    groups = (f"{0x1000 | int(token[at : at + 3], 16):x}" for at in (2, 5, 8))
    return f"fd{token[:2]}:{':'.join(groups)}::1"


def _phone_of(token: str) -> str:
    return f"+{int(token[:12], 16)}"


def _folded_mailbox(address: str) -> str | None:
    return mailbox(address)[0]


_FIELDS: Mapping[str, tuple[str | None, str, Callable[[str], str | None], Callable[[str], str]]] = {
    "customer_email": ("email_pseudonym", "email", _folded_mailbox, "{}@erased.invalid".format),
    "customer_phone": ("phone_pseudonym", "phone", _folded_phone, _phone_of),
    "customer_name": ("name_pseudonym", "name", _folded_name, "erased {}".format),
    "card_fingerprint": ("card_pseudonym", "card", composed, str),
    "browser_fingerprint": ("browser_pseudonym", "browser", composed, str),
    "ip_address": ("ip_pseudonym", "ip", network, _address_of),
    "session_id": (None, "session", composed, str),
}
"""Field of the message: dbt's pseudonym of it, its kind, its folding, and a value from a token."""


def _plain(value: msgspec.Raw) -> Any:
    return msgspec.json.decode(value)


def _raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


def _local_time(said: Mapping[str, Any], at: datetime) -> datetime | None:
    """By the customer's clock, where it was told by the sun at his place; else None."""
    text = str(said.get("event_time"))
    longitude = (said.get("shipping") or {}).get("longitude")
    longitude = said.get("ip_longitude") if longitude is None else longitude
    if longitude is None or not text.endswith(_OF_UTC):
        return None
    utc = at.astimezone(UTC).replace(second=0, microsecond=0, tzinfo=None)
    return utc + timedelta(hours=longitude / 15)


def _hours(at: datetime, local_at: datetime) -> int:
    """From the hour of UTC to that of the local clock."""
    utc = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0, tzinfo=None)
    return (local_at.replace(minute=0, second=0, microsecond=0) - utc) // _HOUR


def _same_clock(at: datetime, local_at: datetime) -> str:
    """The same instant, written with the offset whose clock shows the same local hour."""
    return at.astimezone(timezone(_HOUR * _hours(at, local_at))).isoformat()


def _as_dbt_reads(at: datetime, local_at: datetime) -> datetime:
    """The local time that the macro `local_time` makes of `_same_clock` at longitude 0."""
    hours = _hours(at, local_at)
    rounded = at.replace(microsecond=0) if hours else at.replace(second=0, microsecond=0)
    return (rounded.astimezone(UTC) + _HOUR * hours).replace(tzinfo=None)
