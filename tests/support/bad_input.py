"""Every class of bad input with what must become of it: the table that its tests go through.

Numbers are those of the list of classes; one number may take several messages. Class 14, a
compressed batch that unfolds to 200 MB, is tested with the quarantine: it needs a process of its
own that may die.
"""

import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from landing_support import key_of

LIMIT = 1_000_000
CARD = "4111 1111 1111 1111"
GAPS = {
    "no-break space": "\u00a0",
    "no-break hyphen": "\u2011",
    "thin space": "\u2009",
    **{
        name: gap
        for gap, name in zip(".+_/", ("dot", "plus sign", "underscore", "slash"), strict=True)
    },
    "space of an address": "%20",
    "pair of spaces": "  ",
    "tab": "\t",
}
"""Between the digits of a card number; most are several bytes, or between other digits too."""
FULL_WIDTH = "".join(chr(ord(sign) + 0xFEE0) if sign.isdigit() else sign for sign in CARD)
LANDED, DUPLICATE = "landed", "duplicate"
Header = tuple[str, str | bytes | None]


class Case(msgspec.Struct, frozen=True):
    """A message and its outcome: landed, duplicate, or the reason of its dead letter.

    `names` is what the dead letter's detail must say. The key is the customer's id unless given.
    """

    number: int
    name: str
    value: bytes | None
    outcome: str
    names: str = ""
    key: bytes | None = None
    partition: int = 0
    headers: tuple[Header, ...] = ()
    timestamp: int = 0

    @property
    def own_key(self) -> bytes:
        """The key that it is sent with."""
        return key_of(self.value) if self.key is None else self.key


def order(transaction_id: Any, **changes: Any) -> bytes:
    """An order of its own, changed; a field set to `...` is left out."""
    fields = {
        "schema_version": 1,
        "transaction_id": transaction_id,
        "customer_id": "c-1",
        "merchant_id": "m-1",
        "event_time": "2026-01-01T00:00:00Z",
        "amount": 12.34,
        "currency": "EUR",
        "payment_method": "card",
        **changes,
    }
    kept = {name: value for name, value in fields.items() if value is not ...}
    return json.dumps(kept, ensure_ascii=False).encode()


def with_literal(transaction_id: str, field: str, literal: bytes) -> bytes:
    """An order with a field whose JSON is given as it stands."""
    head = order(transaction_id, **{field: ...})[:-1]
    return head + b', "%b": %b}' % (field.encode(), literal)


def _amount(number: int, name: str, literal: bytes, outcome: str, names: str = "amount: ") -> Case:
    value = with_literal(f"b-{number} {name}", "amount", literal)
    return Case(number, name, value, outcome, names if outcome != LANDED else "")


def _time(number: int, name: str, at: Any, outcome: str, names: str = "event_time: ") -> Case:
    value = order(f"b-{number} {name}", event_time=at)
    return Case(number, name, value, outcome, names if outcome != LANDED else "")


def _text(number: int, name: str, text: str) -> Case:
    """Text of a kind that attacks what shows or runs it; it lands as what it is."""
    return Case(number, name, order(f"b-{number}", customer_name=text, city=text), LANDED)


def _disguised(name: str, gap: str) -> Case:
    value = order(f"b-90 {name}", customer_name=CARD.replace(" ", gap))
    return Case(90, f"set apart by a {name}", value, "pan_detected", "customer_name: holds")


def _nested(depth: int) -> bytes:
    return with_literal(f"b-deep-{depth}", "x", b"[" * depth + b"]" * depth)


def _ahead(delta: timedelta) -> str:
    return (datetime.now(UTC) + delta).isoformat()


def _whole(count: int) -> list[dict[str, Any]]:
    return [{"product_id": "p", "quantity": 1, "unit_price": 12.34 / count}] * count


def cases() -> list[Case]:
    """All of them, made anew, because some say when they were sent."""
    return [*_bytes(), *_syntax(), *_numbers(), *_strings(), *_fields(), *_times(), *_protocol()]


def _bytes() -> list[Case]:
    text = order("b-5", customer_name="Zoé").decode()
    return [
        Case(1, "empty value", b"", "empty", "no bytes"),
        Case(2, "null value", None, "tombstone", "no value"),
        Case(3, "white space", b" \n\t", "not_json"),
        Case(4, "random bytes", b"\x8f\xc3\x28\xff\xfe\x01", "encoding", "UTF-8"),
        Case(5, "Latin-1", text.encode("latin-1"), "encoding", "UTF-8"),
        Case(6, "overlong", with_literal("b-6", "x", b'"\xc0\xaf"'), "encoding", "UTF-8"),
        Case(7, "UTF-16", text.encode("utf-16"), "encoding", "UTF-8"),
        Case(7, "UTF-16, low byte first", text.encode("utf-16-le"), "encoding", "UTF-8"),
        Case(7, "UTF-16, high byte first", text.encode("utf-16-be"), "encoding", "UTF-8"),
        Case(8, "byte-order mark", b"\xef\xbb\xbf" + order("b-8"), "bom", "byte-order mark"),
        Case(9, "gzip", gzip.compress(order("b-9"), mtime=0), "not_json", "gzip"),
        Case(10, "Avro", b"\x00\x00\x00\x00\x01" + order("b-10"), "not_json", "Avro"),
        Case(
            10, "Avro, schema 70,000", b"\x00\x00\x01\x11\x70" + order("b-10"), "not_json", "Avro"
        ),
        Case(11, "10 MB", order("b-11").ljust(10_000_000), "too_large", "10000000"),
        Case(12, "one byte over", order("b-12").ljust(LIMIT + 1), "too_large", str(LIMIT + 1)),
        Case(13, "at the limit", order("b-13").ljust(LIMIT), LANDED),
    ]


def _syntax() -> list[Case]:
    many = b",".join(b'"%05x":0' % number for number in range(100_000))
    few_bytes = b",".join(b'"%x":0' % number for number in range(60_000))
    long_key = b'"%b": 1' % (b"k" * 1_000_000)
    return [
        Case(15, "truncated", order("b-15")[:-9], "not_json"),
        Case(16, "trailing garbage", order("b-16") + b" x", "not_json"),
        Case(17, "two documents", order("b-17") * 2, "not_json"),
        Case(18, "single quotes", order("b-18").replace(b'"', b"'"), "not_json"),
        Case(19, "comment", order("b-19")[:-1] + b"/* x */}", "not_json"),
        _amount(20, "leading zeros", b"0012.5", "not_json", ""),
        Case(21, "array", b"[%b]" % order("b-21"), "not_object"),
        Case(22, "string", b'"an order"', "not_object"),
        Case(23, "null", b"null", "not_object"),
        Case(24, "nested 1,000 deep", _nested(1_000), "too_deep", "deep"),
        Case(25, "nested 100,000 deep", _nested(100_000), "too_deep", "deep"),
        Case(
            26,
            "twice",
            with_literal("b-26", "amount", b'1, "amount": 2'),
            "duplicate_key",
            "amount: ",
        ),
        Case(
            26,
            "twice, spaced",
            with_literal("b-26s", "amount", b'1, "amount" :2'),
            "duplicate_key",
            "amount: ",
        ),
        Case(
            26,
            "twice, escaped",
            with_literal("b-26e", "amount", b'1, "am\\u006funt": 2'),
            "duplicate_key",
            "amount: ",
        ),
        Case(
            26,
            "twice inside",
            with_literal("b-26i", "shipping", b'{"city":"a","city":"a"}'),
            "duplicate_key",
            "city: ",
        ),
        Case(
            26,
            "unknown twice",
            with_literal("b-26u", "x", b'{"y":1,"y":1}'),
            "duplicate_key",
            "y: ",
        ),
        Case(27, "100,000 keys", b"%b,%b}" % (order("b-27")[:-1], many), "too_large", "bytes"),
        Case(
            27,
            "60,000 short keys",
            b"%b,%b}" % (order("b-27s")[:-1], few_bytes),
            "too_large",
            "keys",
        ),
        Case(28, "key of 1 MB", b"%b,%b}" % (order("b-28")[:-1], long_key), "too_large", "bytes"),
        Case(28, "long key", order("b-28s", **{"k" * 1_000: 1}), "too_large", "key"),
        Case(29, "unknown field", order("b-29", loyalty={"tier": ["gold", None]}), LANDED),
    ]


def _numbers() -> list[Case]:
    return [
        _amount(30, "NaN", b"NaN", "bad_number", "amount: NaN"),
        _amount(31, "Infinity", b"Infinity", "bad_number", "amount: NaN"),
        _amount(31, "-Infinity", b"-Infinity", "bad_number", "amount: NaN"),
        _amount(32, "1e400", b"1e400", "bad_number"),
        _amount(33, "string NaN", b'"NaN"', "wrong_type"),
        _amount(34, "5,000 digits", b"9" * 5_000, "bad_number"),
        Case(34, "unknown field", with_literal("b-34", "x", b"9" * 5_000), "bad_number", "x: has"),
        Case(
            34,
            "5,000 decimals",
            with_literal("b-34d", "ip_latitude", b"1." + b"0" * 5_000),
            "bad_number",
            "ip_latitude: has more digits",
        ),
        Case(35, "id of 2^63", order(2**63), "bad_id", "transaction_id: "),
        Case(35, "id of 2^64", order("b-35", customer_id=2**64), "bad_id", "customer_id: "),
        _amount(36, "as a string", b'"12.34"', "wrong_type"),
        _amount(37, "true", b"true", "wrong_type"),
        _amount(38, "Arabic digits", '"١٢"'.encode(), "wrong_type"),
        _amount(39, "1_000", b'"1_000"', "wrong_type"),
        _amount(40, "zero", b"0", "amount_range"),
        _amount(41, "negative", b"-5", "amount_range"),
        _amount(42, "-0.0", b"-0.0", "amount_range"),
        _amount(43, "0.005", b"0.005", "precision"),
        _amount(44, "10^10", b"10000000000", "amount_range"),
        Case(45, "yen", order("b-45", amount=100.5, currency="JPY"), "precision", "amount: "),
        _amount(46, "1e200000", b"1e200000", "bad_number"),
        Case(46, "unknown field", with_literal("b-46", "x", b"1e200000"), "bad_number", "x: has"),
        Case(
            46,
            "1e-200000",
            with_literal("b-46m", "ip_latitude", b"1e-200000"),
            "bad_number",
            "ip_latitude: has more digits",
        ),
    ]


def _strings() -> list[Case]:
    composed, decomposed = "b-53 Zo\u00e9", "b-53 Zoe\u0301"
    return [
        Case(47, "raw NUL", with_literal("b-47", "customer_name", b'"a\x00b"'), "not_json"),
        Case(
            48,
            "escaped NUL",
            with_literal("b-48", "customer_name", b'"a\\u0000b"'),
            "nul",
            "customer_name: holds",
        ),
        Case(
            49,
            "surrogate",
            with_literal("b-49", "x", b'["\\ud83d\\ude00", "\\ud800abc"]'),
            "surrogate",
            "x[1]: holds",
        ),
        Case(50, "id of 8 KB", order("x" * 8_192), "too_long", "transaction_id: "),
        Case(51, "look-alike letters", order("b-51", merchant_name="\u0410mazon"), LANDED),
        Case(52, "bidi override", order("b-52\u202e"), "bad_id", "transaction_id: "),
        Case(52, "zero-width", order("b-52z", merchant_id="m\u200b1"), "bad_id", "merchant_id: "),
        Case(52, "escaped control", order("b-52c", device_id="d\x1b[31m"), "bad_id", "device_id: "),
        Case(52, "invisible filler", order("b-52f", session_id="s\u3164"), "bad_id", "session_id"),
        Case(52, "blank Braille", order("b-52b", device_id="d\u2800"), "bad_id", "device_id: "),
        Case(52, "delete", order("b-52d", voucher_code="v\x7f"), "bad_id", "voucher_code: "),
        Case(53, "NFC", order(composed, customer_id="Zo\u00e9"), LANDED),
        Case(53, "NFD", order(decomposed, customer_id="Zoe\u0301"), DUPLICATE),
        Case(53, "NFD, other content", order(decomposed, amount=1), "id_conflict", "amount"),
        _text(54, "SQL injection", "'; drop table raw.transactions_stream; --"),
        _text(55, "Jinja", "{{7*7}} {% raw %}"),
        _text(56, "formula", '=HYPERLINK("http://example.org")'),
        _text(57, "script", "<script>alert(1)</script> [bold red]x[/]"),
        _text(58, "log newline and ANSI", 'a\n{"event": "forged"}\x1b[31m\r\x07'),
        _text(59, "emoji", "👩‍👩‍👧 🛒"),
    ]


def _fields() -> list[Case]:
    items = {"product_id": "p", "quantity": 2, "unit_price": 10.0}
    return [
        Case(60, "missing id", order(...), "missing_id", "transaction_id: "),
        Case(61, "null id", order(None), "missing_id", "transaction_id: "),
        Case(62, "empty id", order(""), "missing_id", "transaction_id: "),
        Case(63, "id as a number", order(7), "wrong_type", "transaction_id: "),
        Case(63, "id as an object", order({"a": 1}), "wrong_type", "transaction_id: "),
        Case(64, "no customer", order("b-64", customer_id=...), "missing_field", "customer_id: "),
        Case(64, "no amount", order("b-64a", amount=...), "missing_field", "amount: "),
        Case(65, "unknown currency", order("b-65", currency="XXX"), "currency", "currency: "),
        Case(66, "eur", order("b-66", currency="eur"), "currency", "currency: "),
        Case(66, "EUR and a newline", order("b-66n", currency="EUR\n"), "currency", "currency: "),
        Case(67, "items as an object", order("b-67", items={}), "schema", "items: "),
        Case(67, "10,001 items", order("b-67m", items=_whole(10_001)), "schema", "items: "),
        Case(67, "DE and a newline", order("b-67n", ip_country="DE\n"), "schema", "ip_country: "),
        Case(68, "items do not add up", order("b-68", items=[items]), "inconsistent", "items: "),
        Case(68, "items do", order("b-68o", items=[items], discount_amount=5, amount=15), LANDED),
    ]


def _times() -> list[Case]:
    return [
        _time(69, "no zone", "2026-01-01T00:00:00", "bad_time"),
        _time(70, "infinity", "infinity", "bad_time"),
        _time(71, "year 0", "0000-01-01T00:00:00Z", "bad_time"),
        _time(72, "year 294277", "294277-01-01T00:00:00Z", "bad_time"),
        _time(73, "second 60", "2026-01-01T00:00:60Z", "bad_time"),
        _time(74, "24:00", "2026-01-01T24:00:00Z", "bad_time"),
        _time(75, "year 10000 in UTC", "9999-12-31T23:59:59-14:00", "bad_time"),
        _time(76, "epoch seconds", 1_767_225_600, "wrong_type"),
        _time(76, "epoch milliseconds", 1_767_225_600_000, "wrong_type"),
        _time(77, "five minutes ahead", _ahead(timedelta(minutes=5)), LANDED),
        _time(78, "a day ahead", _ahead(timedelta(days=1)), "future"),
        _time(79, "1970", "1970-01-01T00:00:00Z", "ancient"),
        _time(80, "an ambiguous local hour", "2025-10-26T02:30:00+01:00", LANDED),
        Case(81, "Kafka timestamp -1", order("b-81"), LANDED, timestamp=-1),
        Case(
            81,
            "Kafka timestamp -1, a day ahead",
            order("b-81 ahead", event_time=_ahead(timedelta(days=1))),
            "future",
            "event_time: ",
            timestamp=-1,
        ),
    ]


def _protocol() -> list[Case]:
    doubled, partitions = order("b-86"), order("b-87")
    binary: tuple[Header, ...] = (("h", b"\x00\xff\n"), ("none", None))
    noted = order("b-90n", extra={"notes": [f"pay with {CARD.replace(' ', '-')} please"]})
    return [
        Case(
            82,
            "newer version",
            order("b-82", schema_version=2),
            "schema_version",
            "schema_version: ",
        ),
        Case(83, "no version", order("b-83", schema_version=...), "schema", "schema_version: "),
        Case(84, "an order", order("b-84"), LANDED),
        Case(84, "the same again", order("b-84"), DUPLICATE),
        Case(85, "the same id, other content", order("b-84", amount=9), "id_conflict", "amount"),
        *(Case(86, f"once of three, {n}", doubled, DUPLICATE if n else LANDED) for n in range(3)),
        Case(87, "in a partition", partitions, LANDED, partition=1),
        Case(87, "in another", partitions, DUPLICATE, partition=2),
        Case(88, "another's key", order("b-88"), "key_mismatch", "customer_id: ", key=b"c-2"),
        Case(88, "an empty key", order("b-88e"), "key_mismatch", "customer_id: ", key=b""),
        Case(89, "binary headers", order("b-89"), LANDED, headers=binary),
        Case(89, "1,000 headers", order("b-89 many"), LANDED, headers=binary * 500),
        Case(89, "1,000 headers, broken", b"{", "not_json", headers=binary * 500),
        Case(
            90,
            "card number",
            order("b-90", customer_name=CARD),
            "pan_detected",
            "customer_name: holds what looks like a card number",
        ),
        *(_disguised(name, gap) for name, gap in GAPS.items()),
        Case(
            90, "full width", order("b-90 full", customer_name=FULL_WIDTH), "pan_detected", "holds"
        ),
        Case(90, "in an unknown field", noted, "pan_detected", "extra.notes[0]: holds"),
        Case(90, "in a broken message", b"{" + CARD.encode(), "pan_detected", "card number"),
        Case(
            90,
            "in key and header",
            b"{}",
            "schema",
            key=CARD.encode(),
            headers=(("card", CARD.encode()),),
        ),
    ]
