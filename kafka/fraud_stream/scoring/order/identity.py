"""Folding what people type, so that two spellings of one mailbox, person or place are one key."""

import ipaddress
import re
import unicodedata
from itertools import pairwise

from fraud_stream.scoring.order.memo import Memo

_ENDING = re.compile(r"(?<![\s.])[\s.]+\Z")
_NOT_LETTERS = re.compile(r"[^a-z]+")
_SPACES, _PORT, _ZONE = r"[ \t\n\r\f\v]*", r"(?::[0-9]{1,5})?", r"(?:%[0-9A-Za-z._~-]+)?"
_IPV4, _IPV6 = r"([0-9.]+)", r"([0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*)"
_WRITTEN = re.compile(
    rf"{_SPACES}(?:{_IPV4}{_PORT}|{_IPV6}{_ZONE}|\[{_IPV6}{_ZONE}\]{_PORT}){_SPACES}"
)
"""What may be an address, as one of its groups; the same in restricted.bare_address."""


def composed(text: str) -> str:
    """Letters with marks in one of their two forms (NFC), by which ids and mailboxes are known."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def mailbox(address: str | None) -> tuple[str | None, str | None]:
    """(canonical, domain) of an e-mail address: case, dots, plus-tags and a dot at its end folded.

    Most providers ignore those, and sign-up abuse lives on such spellings. Letters with marks are
    composed. Without exactly one @ with something on both sides there is no mailbox, and both are
    None.
    """
    local, at, domain = _ENDING.sub("", (address or "").strip()).lower().partition("@")
    if not (at and local and domain) or "@" in domain:
        return None, None
    folded = local.split("+", 1)[0].replace(".", "") or local
    return composed(f"{folded}@{domain}"), composed(domain)


def likeness(name: str | None, canonical: str | None) -> float | None:
    """How much of `name` is in a canonical mailbox, 0 to 1.

    1 when a part of the name of three letters or more stands before the @. Else the share of letter
    pairs that both have (Dice's coefficient); missing when either has no Latin letters.
    """
    local = _latin((canonical or "").partition("@")[0])
    parts = latin_names[name].split() if name else []
    if not parts or not local:
        return None
    if any(len(part) >= 3 and part in local for part in parts):
        return 1.0
    ours, theirs = _pairs("".join(parts)), _pairs(local)
    return 2 * len(ours & theirs) / max(1, len(ours) + len(theirs))


def network(written: str) -> str | None:
    """An IPv4 address, or the /64 of an IPv6 one, of which a household has one; else None.

    What is no address ("unknown", "-") would be one key of many customers.
    """
    found = address_of(written)
    if found is None:
        return None
    return str(
        found if found.version == 4 else ipaddress.ip_network((int(found), 64), strict=False)
    )


def address_of(written: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The IP address, without the port, the zone and the spaces that it was logged with.

    An IPv4 address in the form of an IPv6 one (::ffff:192.0.2.1) is that IPv4 address.
    """
    parts = _WRITTEN.fullmatch(written)
    if parts is None:
        return None
    try:
        found = ipaddress.ip_address(parts[parts.lastindex or 0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def address_key(
    country: str | None, postal: str | None, latitude: float | None, longitude: float | None
) -> str | None:
    """One key for a place of delivery, to about ten metres.

    Missing without coordinates: a postal code alone is a whole quarter, and would make neighbours
    look like accomplices. Zero has no sign, so that one place has one key.
    """
    if latitude is None or longitude is None:
        return None
    folded = "".join((postal or "").split()).upper()
    return f"{country or ''}|{folded}|{latitude:z.4f}|{longitude:z.4f}"


def _latin(text: str) -> str:
    """The letters a to z of a text, accents taken off."""
    text = text.lower()
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text.replace("đ", "d").replace("ø", "o"))
    return text if text.isascii() and text.isalpha() else _NOT_LETTERS.sub("", text)


def _latin_name(name: str) -> str:
    """Its words in the letters a to z, those without any left out."""
    return " ".join(part for part in map(_latin, name.split()) if part)


latin_names: Memo[str, str] = Memo(_latin_name, 10_000)
"""Taking accents off is slow, and a customer's name comes again."""


def _pairs(text: str) -> set[tuple[str, str]]:
    return set(pairwise(text))
