"""A dead letter's detail names the field that has the fault, in whatever message, and no value."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from bad_input import LIMIT, order, with_literal
from hypothesis import given
from hypothesis import strategies as st

from fraud_stream.consumer.decode import decode, decode_label
from fraud_stream.consumer.rejection import Rejection
from fraud_stream.consumer.whereabouts import LONGEST_PATH, MOST_PARTS, covering, told

CARD = "4111 1111 1111 1111"
NUL = "holds \\u0000, which Postgres cannot store"
HALF = "holds half of a surrogate pair"
LONG = "has more digits than can be stored"
NO_NUMBER = "NaN and Infinity are no JSON"
PAN = "holds what looks like a card number; its digits are not kept"

FAULTS = [
    pytest.param(b'"a\\u0000b"', "nul", NUL, id="nul"),
    pytest.param(b'"\\ud83d\\ude00 \\uDEADx"', "surrogate", HALF, id="surrogate"),
    pytest.param(b"-" + b"9" * 1_000, "bad_number", LONG, id="digits"),
    pytest.param(b"1E+99999", "bad_number", LONG, id="exponent"),
    pytest.param(b"-Infinity", "bad_number", NO_NUMBER, id="no number"),
    pytest.param(b'"pay with %b"' % CARD.encode(), "pan_detected", PAN, id="card"),
    pytest.param(b"4111111111111111", "pan_detected", PAN, id="card as a number"),
    pytest.param(b'"4111\\u00a01111\\u00a01111\\u00a01111"', "pan_detected", PAN, id="disguised"),
]


def refused(value: bytes) -> tuple[str, str]:
    found = decode(value, max_bytes=LIMIT)
    assert isinstance(found, Rejection)
    return found.reason, found.detail


@pytest.mark.parametrize(("literal", "reason", "problem"), FAULTS)
@pytest.mark.parametrize(
    ("around", "path"),
    [
        (b"%b", "x"),
        (b'{"a, \\"b\\": {": ["]", {"c" : [0, [], {}, %b]}]}', 'x.a, "b": {[1].c[3]'),
        (b'[ 1e2 , "4111", {"y" :\n%b}, %b]', "x[2].y"),
    ],
)
def test_the_first_field_that_has_the_fault_is_named(
    literal: bytes, reason: str, problem: str, around: bytes, path: str
) -> None:
    value = with_literal("t", "x", around.replace(b"%b", literal))
    assert refused(value) == (reason, f"{path}: {problem}")


def test_a_field_of_the_contract_is_named_as_by_the_other_details() -> None:
    item = {"product_id": "p", "quantity": 1, "unit_price": 6.17}
    items = [item, {**item, "category": "a\0"}]
    assert refused(order("t", items=items))[1] == f"items[1].category: {NUL}"
    assert refused(order("t", shipping={"city": CARD}))[1] == f"shipping.city: {PAN}"


@pytest.mark.parametrize(
    ("key", "problem"),
    [('"a\\u0000b"', NUL), ('"\\ud800"', HALF), (f'"{CARD}"', PAN)],
)
def test_a_key_that_has_the_fault_is_told_of_and_not_repeated(key: str, problem: str) -> None:
    inside = f'{{"y": [{{{key}: 1}}]}}'.encode()
    assert refused(with_literal("t", "x", inside))[1] == f"x.y[0]: a key {problem}"
    at_the_top = order("t")[:-1] + f", {key} : 1}}".encode()
    assert refused(at_the_top)[1] == f"a key {problem}"


def test_of_a_key_that_is_there_twice_the_value_that_counts_for_nobody_is_named_too() -> None:
    literal = f'{{"y": "{CARD}", "y": 1}}'.encode()
    assert refused(with_literal("t", "x", literal)) == ("pan_detected", f"x.y: {PAN}")


def test_a_label_names_its_field_as_well() -> None:
    label = (
        b'{"transaction_id":"t","label":"fraud","source":"chargeback",'
        b'"labelled_at":"2026-01-01T00:00:00Z","reason":"%b"}'
    )
    for text, problem in ((b"\\u0000", NUL), (b"\\ud800", HALF), (CARD.encode(), PAN)):
        found = decode_label(label % text, max_bytes=LIMIT)
        assert isinstance(found, Rejection)
        assert found.detail == f"reason: {problem}"


@pytest.mark.parametrize(
    ("value", "detail"),
    [
        (order("t", note=CARD)[:-2], f"note: {PAN}"),
        (b'{"a": 1, "b": {"c": ' + CARD.encode(), f"b.c: {PAN}"),
        (b'{"a": 1, "b": {\'c\': "' + CARD.encode(), f"b: {PAN}"),
        (b'{"a": 1, \'b\': "' + CARD.encode(), f"the message {PAN}"),
        (b'{"a": 1}]}, ' + CARD.encode(), f"the message {PAN}"),
        (b'"a: b": ' + CARD.encode(), f"the message {PAN}"),
        (json.dumps(CARD).encode(), f"the message {PAN}"),
        (json.dumps([CARD]).encode(), f"[0]: {PAN}"),
        (CARD.encode("utf-16-le"), f"the message {PAN}"),
        (b'"\\u0000"', f"a string {NUL}"),
        (b"NaN", f"a number: {NO_NUMBER}"),
    ],
)
def test_what_is_no_order_has_the_field_named_as_far_as_it_has_one(
    value: bytes, detail: str
) -> None:
    assert refused(value)[1] == detail


@pytest.mark.parametrize("opening", [b"[", b'{"key of a level":'])
def test_a_fault_below_any_number_of_levels_is_told_in_few_words(opening: bytes) -> None:
    deep = with_literal("t", "x", opening * 20_000 + b'"\\u0000')
    reason, detail = refused(deep)
    assert reason == "nul"
    assert detail.startswith("x")
    assert detail.endswith(f"...: {NUL}")
    assert len(detail) < LONGEST_PATH + 100


def test_a_fault_behind_very_many_parts_is_told_without_its_field() -> None:
    near, far = (
        with_literal("t", "x", b"[" + b"0," * (MOST_PARTS // 2 + more) + b'"\\u0000"]')
        for more in (-50, 0)
    )
    assert refused(near)[1].startswith("x[")
    assert refused(far) == ("nul", f"a string {NUL}")


def test_a_path_of_nasty_keys_is_short_and_harmless() -> None:
    nasty = "\x1b[31m\n{forged}\u202e\U000e0001" + "x" * 200
    detail = refused(order("t", **{nasty: {nasty: ["\0"]}}))[1]
    assert detail.isprintable()
    assert detail.isascii()
    assert detail.startswith("\\x1b[31m\\n{forged}\\u202e")
    assert len(detail) < LONGEST_PATH + 100


def test_a_key_is_named_by_what_it_says_however_it_is_written() -> None:
    escaped = b'{"sh\\u0069p\\"": "\\u0000"}'
    assert refused(with_literal("t", "x", escaped))[1] == f'x.ship": {NUL}'


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("ab.[", max_size=3), inner),
    max_leaves=20,
)


def strings(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every string of a value with its path, in the order in which they are written."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        for place, child in enumerate(value):
            yield from strings(child, f"{path}[{place}]")
    elif isinstance(value, dict):
        for key, child in value.items():
            yield from strings(child, f"{path}.{key}" if path else key)


@given(VALUES, st.booleans())
def test_each_string_is_found_where_a_parser_finds_it(value: Any, is_ascii: bool) -> None:
    written = json.dumps({"x": value}, ensure_ascii=is_ascii).encode("utf-8", "surrogatepass")
    expected = [path for path, _ in strings({"x": value})]
    found: list[str] = []
    for number in range(len(expected)):
        left = iter(range(number, -1, -1))
        found.append(
            told(
                written,
                lambda part, left=left: (
                    part["text"] is not None and not part["colon"] and not next(left)
                ),
                "!",
                unnamed="",
            ).removesuffix(": !")
        )
    assert found == expected


@given(st.binary(max_size=200) | st.text('{}[],:"\\ 0ea', max_size=40).map(str.encode))
def test_any_byte_of_any_message_can_be_asked_for(value: bytes) -> None:
    for place in range(len(value) + 1):
        detail = told(value, covering(place), "!", unnamed="it")
        assert detail.isascii()
        assert detail.isprintable()
