"""Good orders broken at random, by the byte and by the value; the same seed breaks them the same.

Also shapes of JSON that parsers are known to disagree on: ones that must be taken, ones that must
not, and ones that each parser may decide on.
"""

import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from bad_input import order

Message = tuple[bytes | None, bytes | None]
"""Key and value."""

LITERALS = (
    *(b"0", b"-0", b"-0.0", b"1E+2", b"1e-7", b"123456789012345678901234567890", b"0.1e1"),
    *(
        b"NaN",
        b"-Infinity",
        b"1e400",
        b"1e-20000",
        b"01",
        b"1.",
        b".5",
        b"+1",
        b"0x10",
        b"1e",
        b"--1",
    ),
    *(
        b'""',
        b'"\\u0000"',
        b'"\\ud800"',
        b'"\\udc00\\ud800"',
        b'"\\ud83d\\ude00"',
        b'"\\x"',
        b'"\t"',
    ),
    *(b'"\xff"', b'"\xc0\xaf"', b'"\xed\xa0\x80"', b'"\xf4\x90\x80\x80"', b'"\\/"', b"'a'", b'"a'),
    *(b"[]", b"[1,]", b"[,1]", b"[1 2]", b"{}", b'{"a":1,}', b'{"a"}', b"{a:1}", b'{"a":1,"a":2}'),
    *(b"[" * 70 + b"]" * 70, b"[" * 5_000 + b"]" * 5_000, b"[[[", b"]"),
    *(b"true", b"null", b"True", b"nul", b"/**/1", b"//x\n1", b"1 // x", b"\x00", b"\xef\xbb\xbf1"),
    *(b'"4111111111111111"', b"4111111111111111", b'"\xe2\x80\xae"', b'"a\\nb"', b'"=1+1"'),
)
_KEYS = ("amount", "items", "shipping", "event_time", "transaction_id", "currency", "unknown", "")
_VALUES: tuple[Any, ...] = (
    *(
        None,
        True,
        -1,
        0,
        0.005,
        2**63,
        2**64,
        -(2**70),
        1e300,
        10**10,
        "",
        " ",
        "x" * 600,
        "x" * 9_000,
    ),
    *("EUR", "eur", "DE", "DE\n", "2026-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "infinity"),
    *("2026-02-30T00:00:00Z", "9999-12-31T23:59:59-14:00", "\u202e", "e\u0301", "\x7f", "\u200b"),
    *("4111 1111 1111 1111", "4111\u00a01111\u00a01111\u00a01111", "+4915112345678", "{{7*7}}"),
    *([], {}, [[]], [{}], {"a": {"b": {"c": []}}}, [1, "a", None], "\U0001f600", "a\\b\tc\nd"),
)


def mutations(seed: int, count: int, first: int = 0) -> Iterator[Message]:
    """So many messages, each of a good order under a number of its own, from `first` on."""
    random = Random(f"{seed} {first}")
    for number in range(first, first + count):
        value = _good(number, random)
        key: bytes | None = b"c-%d" % (number % 50)
        for _ in range(random.choice((1, 1, 1, 2, 3))):
            value = random.choice(_WAYS)(value, random)
        if not random.randrange(50):
            key = random.choice((None, b"", b"c-x", b"\xff", value[:40]))
        yield key, None if not random.randrange(2_000) else value


def _good(number: int, random: Random) -> bytes:
    prices = [random.randrange(1, 9_999) / 100 for _ in range(random.randrange(4))]
    return order(
        f"m-{number}",
        customer_id=f"c-{number % 50}",
        amount=round(sum(prices), 2) or 5.0,
        items=[{"product_id": f"p-{p}", "quantity": 1, "unit_price": p} for p in prices],
        shipping={"country": "DE", "city": "Zo\u00e9", "latitude": 52.5},
        ip_latitude=45.5,
        customer_name=random.choice(("Ann", "Zo\u00e9", "\u0410\u043d\u043d\u0430", "O'Neil, J.")),
    )


def _flip(value: bytes, random: Random) -> bytes:
    at = random.randrange(len(value) + 1)
    return value[:at] + random.randbytes(1) + value[at + random.choice((0, 1)) :]


def _cut(value: bytes, random: Random) -> bytes:
    start = random.randrange(len(value) + 1)
    return value[:start] + value[start + random.randrange(20) :]


def _truncate(value: bytes, random: Random) -> bytes:
    return value[: random.randrange(len(value) + 1)]


def _repeat(value: bytes, random: Random) -> bytes:
    start = random.randrange(len(value) + 1)
    end = min(len(value), start + random.randrange(60))
    return value[:end] + value[start:end] + value[end:]


def _insert_literal(value: bytes, random: Random) -> bytes:
    at = random.randrange(len(value) + 1)
    return value[:at] + random.choice(LITERALS) + value[at:]


def _add_field(value: bytes, random: Random) -> bytes:
    name = json.dumps(random.choice(_KEYS)).encode()
    return (
        value[:-1]
        + b","
        + name
        + random.choice((b":", b" :", b": "))
        + random.choice(LITERALS)
        + b"}"
    )


def _rewrite(value: bytes, random: Random) -> bytes:
    """Another value somewhere, the JSON staying well-formed if it was."""
    try:
        fields = json.loads(value)
        place: Any = fields
        while isinstance(place, dict | list) and place:
            name = random.choice(list(place) if isinstance(place, dict) else range(len(place)))
            if not isinstance(place[name], dict | list) or not random.randrange(3):
                _change(place, name, random)
                break
            place = place[name]
        return json.dumps(fields, ensure_ascii=not random.randrange(2)).encode()
    except (ValueError, RecursionError):
        return value + b"]"


def _change(place: Any, name: Any, random: Random) -> None:
    if not random.randrange(8):
        del place[name]
    elif isinstance(place[name], str) and random.randrange(2):
        extra = random.choice([text for text in _VALUES if isinstance(text, str)])
        place[name] = place[name] + extra
    else:
        place[name] = random.choice(_VALUES)


_WAYS: tuple[Callable[[bytes, Random], bytes], ...] = (
    *(_flip, _cut, _truncate, _repeat, _insert_literal),
    *(_add_field, _add_field, _rewrite, _rewrite, _rewrite, _rewrite),
)
