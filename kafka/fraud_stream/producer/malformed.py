"""Messages broken on purpose, one way each, to see the stream go on without them.

Each is made out of a good order under a number of its own; the consumer must make it a dead letter
with the reason named here.
"""

import gzip
import re
from collections.abc import Callable
from random import Random

import msgspec

from fraud_stream.producer.batch import Message

Break = Callable[[bytes, Random], bytes | None]


class Malformation(msgspec.Struct, frozen=True):
    """One way to break a message, and the reason that its dead letter must have.

    `key` takes the place of the message's own.
    """

    name: str
    reason: str
    apply: Break
    key: bytes | None = None


def _field(name: str, value: bytes) -> Break:
    """Replaces a field's value; text and plain values only."""
    pattern = re.compile(rb'("%b":)("[^"]*"|[^,"{}\[\]]+)' % name.encode())

    def apply(order: bytes, _random: Random) -> bytes:
        return pattern.sub(lambda match: match[1] + value, order, count=1)

    return apply


def _always(value: bytes | None) -> Break:
    return lambda _order, _random: value


def _wrapped(before: bytes, after: bytes = b"") -> Break:
    return lambda order, _random: before + order + after


def _purchase(change: Break) -> Break:
    """Made to a purchase: a refund may be negative, and of a part of what was bought."""
    return lambda order, random: change(
        order.replace(b'"transaction_type":"refund"', b'"transaction_type":"purchase"'), random
    )


def _items(value: bytes) -> Break:
    """Replaces what was bought, also where the order does not say it."""
    added = _field("schema_version", b'1,"items":' + value)

    def apply(order: bytes, random: Random) -> bytes | None:
        if b'"items":' not in order:
            return added(order, random)
        return re.sub(rb'"items":\[.*?\]', b'"items":' + value, order, count=1)

    return apply


def _text(value: bytes) -> Break:
    """Puts a text into a field that every order has room for, known to the contract or not."""
    name, note = _field("customer_name", value), _field("schema_version", b'1,"note":' + value)
    return lambda order, random: (name if b'"customer_name":' in order else note)(order, random)


_DEEP = b'1,"extra":' + b"[" * 1_000 + b"]" * 1_000
_DEAR = b'[{"product_id":"prd_dear","quantity":1,"unit_price":9876543210}]'
MALFORMATIONS = (
    Malformation("empty", "empty", _always(b"")),
    Malformation("tombstone", "tombstone", _always(None)),
    Malformation("white_space", "not_json", _always(b" \t ")),
    Malformation("random_bytes", "encoding", lambda _o, r: b"\xff\xfe" + r.randbytes(40)),
    Malformation("latin_1", "encoding", _text(b'"J\xfcrgen"')),
    Malformation("byte_order_mark", "bom", _wrapped(b"\xef\xbb\xbf")),
    Malformation("gzip", "not_json", lambda order, _r: gzip.compress(order, mtime=0)),
    Malformation("truncated", "not_json", lambda o, r: o[: r.randrange(20, len(o) - 1)]),
    Malformation("trailing_garbage", "not_json", _wrapped(b"", b"xyz")),
    Malformation("two_documents", "not_json", lambda order, _r: order + order),
    Malformation("single_quotes", "not_json", lambda o, _r: o.replace(b'"', b"'")),
    Malformation("comment", "not_json", _wrapped(b"/* order */")),
    Malformation("leading_zeros", "not_json", _field("amount", b"0012.5")),
    Malformation("array", "not_object", _wrapped(b"[", b"]")),
    Malformation("null", "not_object", _always(b"null")),
    Malformation("deep", "too_deep", _field("schema_version", _DEEP)),
    Malformation("duplicate_key", "duplicate_key", _field("amount", b'1,"amount":2')),
    Malformation("nan", "bad_number", _field("amount", b"NaN")),
    Malformation("amount_as_text", "wrong_type", _field("amount", b'"12.34"')),
    Malformation("amount_as_boolean", "wrong_type", _field("amount", b"true")),
    Malformation("zero", "amount_range", _field("amount", b"0")),
    Malformation("negative", "amount_range", _purchase(_field("amount", b"-5"))),
    Malformation("too_much", "amount_range", _field("amount", b"10000000000")),
    Malformation("too_precise", "precision", _field("amount", b"0.00005")),
    Malformation("nul", "nul", _text(b'"a\\u0000b"')),
    Malformation("lone_surrogate", "surrogate", _text(b'"\\ud800"')),
    Malformation("long_id", "too_long", _field("transaction_id", b'"%b"' % (b"x" * 8_192))),
    Malformation("invisible_id", "bad_id", _field("merchant_id", b'"shop\xe2\x80\x8b"')),
    Malformation("huge_id", "bad_id", _field("customer_id", b"18446744073709551616")),
    Malformation("empty_id", "missing_id", _field("transaction_id", b'""')),
    Malformation("id_as_number", "wrong_type", _field("transaction_id", b"123")),
    Malformation("no_customer", "missing_field", _field("customer_id", b"null")),
    Malformation("unknown_currency", "currency", _field("currency", b'"ZZZ"')),
    Malformation("small_currency", "currency", _field("currency", b'"eur"')),
    Malformation("items_as_object", "schema", _items(b"{}")),
    Malformation("inconsistent", "inconsistent", _purchase(_items(_DEAR))),
    Malformation("no_zone", "bad_time", _field("event_time", b'"2026-01-05T08:00:00"')),
    Malformation("infinity", "bad_time", _field("event_time", b'"infinity"')),
    Malformation("second_60", "bad_time", _field("event_time", b'"2026-01-05T08:00:60Z"')),
    Malformation("epoch_seconds", "wrong_type", _field("event_time", b"1767600000")),
    Malformation("far_future", "future", _field("event_time", b'"2199-01-01T00:00:00Z"')),
    Malformation("ancient", "ancient", _field("event_time", b'"1970-01-01T00:00:00Z"')),
    Malformation("newer_version", "schema_version", _field("schema_version", b"99")),
    Malformation("another_key", "key_mismatch", lambda order, _r: order, key=b"somebody_else"),
    Malformation("card_number", "pan_detected", _text(b'"4111 1111 1111 1111"')),
)


def malformed(order: Message, number: int, random: Random) -> tuple[Message, Malformation]:
    """A broken message made out of a good one, which stays as it is."""
    key, value = order
    own = re.sub(
        rb'("transaction_id":"[^"]*)"', rb'\g<1>_broken_%d"' % number, value or b"", count=1
    )
    chosen = random.choice(MALFORMATIONS)
    return (chosen.key or key, chosen.apply(own, random)), chosen
