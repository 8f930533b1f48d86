"""Folding what people type, so that two spellings of one mailbox, person or place are one key."""

import ipaddress
import re
import unicodedata
from typing import NamedTuple

_NOT_LETTERS = re.compile(r"[^a-z]+")


class Mailbox(NamedTuple):
    """An e-mail address taken apart: the folded whole, its domain, and the letters before the @."""

    canonical: str | None
    domain: str | None
    letters: str


def mailbox(address: str | None) -> Mailbox:
    """Fold case, dots and plus-tags, which most providers ignore and sign-up abuse lives on.

    Without exactly one @ with something on both sides there is no mailbox: all is missing.
    """
    local, at, domain = (address or "").strip().lower().partition("@")
    if not at or not local or not domain or "@" in domain:
        return Mailbox(None, None, "")
    folded = local.split("+", 1)[0].replace(".", "") or local
    return Mailbox(f"{folded}@{domain}", domain, _latin(folded))


def similarity(pair: tuple[str | None, str | None]) -> float | None:
    """How much of a (name, e-mail address) is alike, 0 to 1; missing when one has no Latin letters.

    1 when a part of the name of three letters or more stands in the address, else the share of
    letter pairs that both have (Dice's coefficient).
    """
    name, address = pair
    local = mailbox(address).letters
    parts = [part for part in (_latin(word) for word in (name or "").split()) if part]
    if not parts or not local:
        return None
    if any(len(part) >= 3 and part in local for part in parts):
        return 1.0
    ours, theirs = _pairs("".join(parts)), _pairs(local)
    return 2 * len(ours & theirs) / max(1, len(ours) + len(theirs))


def network(address: str) -> str:
    """An IPv6 address as its /64, of which a household has one; anything else as it stands."""
    try:
        return str(ipaddress.ip_network((address, 64), strict=False))
    except ValueError:
        return address


def address_key(parts: tuple[str | None, str | None, float | None, float | None]) -> str | None:
    """One key for (country, postal code, latitude, longitude), to about ten metres.

    Missing without coordinates: a postal code alone is a whole quarter, and would make neighbours
    look like accomplices.
    """
    country, postal, latitude, longitude = parts
    if latitude is None or longitude is None:
        return None
    folded = "".join((postal or "").split()).upper()
    return f"{country or ''}|{folded}|{latitude:.4f}|{longitude:.4f}"


def _latin(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.lower().replace("đ", "d").replace("ø", "o"))
    return _NOT_LETTERS.sub("", plain)


def _pairs(text: str) -> set[str]:
    return {text[i : i + 2] for i in range(len(text) - 1)}
