"""Keyed hashes that stand for personal data: equal for equal values, and no list undoes them."""

import hmac

ERASED = "erased-"
"""How the id of an erased customer begins; the keyed hash of the id follows."""


def pseudonym(secret: str, kind: str, value: str) -> str:
    """The first 128 bits of HMAC-SHA256 of `kind:value`, in hexadecimal; as dbt's macro."""
    return hmac.digest(secret.encode(), f"{kind}:{value}".encode(), "sha256")[:16].hex()


def erased_id(secret: str, customer_id: str) -> str:
    """What stands for a customer after the erasure, everywhere and for ever."""
    return ERASED + pseudonym(secret, "erased-customer", customer_id)
