"""Card numbers are found in every usual form; other long numbers are left alone."""

import hashlib
import uuid
from collections.abc import Callable

import pytest
from bad_input import order
from confluent_kafka import Message
from hypothesis import given
from hypothesis import strategies as st

from fraud_core.events import OrderEvent
from fraud_stream.consumer import decode as decoding
from fraud_stream.consumer import forms, glance
from fraud_stream.consumer.card_numbers import holds_card_number, without_card_numbers
from fraud_stream.consumer.decode import decode, decode_label
from fraud_stream.consumer.rejection import Rejection
from fraud_stream.consumer.rows import dead_letter_rows

Glance = Callable[[bytes], int]
GLANCES = [pytest.param(glance.glance, id="python"), pytest.param(forms.glance, id="installed")]
VISA = "4111111111111111"
CARD = ("4111", "1111", "1111", "1111")
SCRIPTS = {"full width": "\uff10", "Arabic-Indic": "\u0660", "mathematical": "\U0001d7d8"}
ESCAPED = "4111\\u00a01111\\u00201111\\u20111111"


def _in_script(digits: str, zero: str) -> str:
    return "".join(chr(ord(zero) + int(digit)) for digit in digits)


WRITTEN = pytest.mark.parametrize(
    "text",
    [
        pytest.param(VISA, id="Visa"),
        pytest.param("4222222222222", id="Visa of 13 digits"),
        pytest.param("5500 0055 5555 5559 123", id="Mastercard and what follows it"),
        pytest.param("2223000048400011", id="Mastercard of the newer range"),
        pytest.param("3782 822463 10005", id="American Express"),
        pytest.param("3056 930902 5904", id="Diners Club"),
        pytest.param("6011-1111-1111-1117", id="Discover"),
        pytest.param("3530111333300000", id="JCB"),
        pytest.param("6200000000000005", id="UnionPay"),
        pytest.param("6304000000000000", id="Maestro"),
        pytest.param(f"card{VISA}x", id="between letters"),
        pytest.param(f"{VISA} 12/27", id="with the month that it expires in"),
        pytest.param("4111\u00a01111\u00a01111\u00a01111", id="no-break spaces"),
        pytest.param("4111\u20131111\u20131111\u20131111", id="dashes"),
        pytest.param(ESCAPED, id="escaped gaps"),
        pytest.param("411111111111111\\u0031", id="an escaped digit"),
        *(
            pytest.param(gap.join(CARD), id=f"set apart by {gap!a}")
            for gap in (*".+_/", "%20", "  ", " - ", "\t", "\u00a0", "\u2009", "\u2212", "\u3000")
        ),
        *(
            pytest.param(gap.join(CARD), id=f"set apart by an escape, {gap}")
            for gap in ("\\/", "\\t", "\\u0009", "\\u002e", "\\u2009", "\\uFF0E", "\\u00a0 ")
        ),
        *(
            pytest.param(gap.join(_in_script(group, zero) for group in CARD), id=f"{name}, {gap!a}")
            for name, zero in SCRIPTS.items()
            for gap in ("", " ", "\uff0e")
        ),
        pytest.param("".join(f"\\uff1{digit}" for digit in VISA), id="escaped full width"),
        pytest.param("\\ud835\\udfdc" + VISA[1:], id="an escaped pair"),
        pytest.param("3782/822463/10005", id="American Express, slashes"),
        pytest.param("3056_930902_5904", id="Diners Club, underscores"),
        pytest.param("https://pay.example/?pan=4111+1111+1111+1111&x=1", id="in an address"),
    ],
)


@WRITTEN
def test_a_card_number_is_found_and_its_digits_are_not_kept(text: str) -> None:
    value = f'{{"note": "{text}"}}'.encode()
    assert holds_card_number(value)
    kept = without_card_numbers(value)
    assert not holds_card_number(kept)
    assert len(kept) == len(value)
    assert not any(group.encode() in kept for group in CARD)
    assert {*kept.decode()} <= {*value.decode(), "*"}


@WRITTEN
@pytest.mark.parametrize("look", GLANCES)
def test_an_order_with_one_is_refused_by_either_form(
    text: str, look: Glance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "glance", look)
    found = decode(order("t")[:-1] + f',"note":"{text}"}}'.encode(), max_bytes=10_000)
    assert isinstance(found, Rejection)
    assert found.reason == "pan_detected"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("4111111111111112", id="wrong check digit"),
        pytest.param("9111111111111111", id="no issuer"),
        pytest.param("41111111111111111111", id="20 digits"),
        pytest.param("1767225600000000", id="a time in microseconds"),
        pytest.param("+4915112345678", id="a telephone number"),
        pytest.param("4626852567377", id="an article number"),
        pytest.param("BE68539007547034", id="an account number"),
        pytest.param("DE44 5001 0517 5407 3249 31", id="an account number in groups"),
        pytest.param("0.4111111111111111", id="a fraction"),
        pytest.param("2026-01-01 00:00:00.4111111", id="a time"),
        pytest.param("028-1234567-1234567", id="an order's number"),
        pytest.param("192.168.100.101, 255.255.255.255", id="addresses of IPv4"),
        pytest.param("4111:1111:1111:1111::1", id="an address of IPv6"),
        pytest.param("4111.1111,1111.1111", id="coordinates"),
        pytest.param("-41.11111111111111/11.11111111111111", id="long coordinates"),
        pytest.param("4.111.111.111.111.111", id="thousands apart"),
        pytest.param("4111.11/1111.11/1111.11", id="amounts"),
        pytest.param("+41.11.111.11.11 +41/111/1111111", id="telephone numbers with dots"),
        pytest.param("411/111.1111/1111.11", id="a telephone number of two separators"),
        pytest.param("4111111_111_111111", id="an article's key"),
        pytest.param("4111/1111_1111.1111", id="groups that are set apart each otherwise"),
        pytest.param("/4111/11/11/1111111111", id="a path with a date"),
        pytest.param("Chrome/126.0.6478.114 Safari/537.36", id="a browser"),
        pytest.param("\u0661\u0662/\u0663\u0664 41\uff0e11", id="a date in another script"),
        pytest.param("4111.1111.1111", id="too few groups"),
        pytest.param("4111.1111.1111.1112", id="groups with a wrong check digit"),
    ],
)
def test_another_long_number_is_left_alone(text: str) -> None:
    value = f'{{"note": "{text}"}}'.encode()
    assert not holds_card_number(value)
    assert without_card_numbers(value) == value


def test_hashes_and_uuids_are_hardly_ever_taken_for_card_numbers() -> None:
    digests = [hashlib.sha256(b"%d" % number).hexdigest() for number in range(20_000)]
    texts = [*digests, *(str(uuid.UUID(hex=digest[:32])) for digest in digests)]
    assert sum(holds_card_number(text.encode()) for text in texts) <= 1


def test_a_card_number_in_utf_16_is_taken_out_too() -> None:
    value = f"pay {VISA}".encode("utf-16")
    assert holds_card_number(value)
    assert b"1" not in without_card_numbers(value)


@given(st.binary(max_size=300))
def test_bytes_without_a_card_number_stay_as_they_are(value: bytes) -> None:
    if not holds_card_number(value):
        assert without_card_numbers(value) == value


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"customer_name": VISA}, id="known field"),
        pytest.param({"x": {"y": [{"z": "4111 1111 1111 1111"}]}}, id="nested"),
        pytest.param({"card_number": int(VISA)}, id="as a number"),
        pytest.param({f"pan {VISA}": 1}, id="as a key"),
        pytest.param({"transaction_id": f"t-{VISA}"}, id="in an id"),
        pytest.param({"customer_name": "4111\u00a01111\u00a01111\u00a01111"}, id="disguised"),
        pytest.param({"currency": VISA}, id="in a field that is refused for itself"),
    ],
)
def test_an_order_with_a_card_number_is_refused_wherever_it_is(changes: dict[str, object]) -> None:
    found = decode(order(**{"transaction_id": "t", **changes}), max_bytes=10_000)
    assert isinstance(found, Rejection)
    assert (found.reason, VISA in found.detail) == ("pan_detected", False)


def test_a_label_with_a_card_number_is_refused() -> None:
    label = (
        b'{"transaction_id":"t","label":"fraud","source":"chargeback",'
        b'"labelled_at":"2026-01-01T00:00:00Z","reason":"card %b"}'
    )
    found = decode_label(label % VISA.encode(), max_bytes=10_000)
    assert isinstance(found, Rejection)
    assert found.reason == "pan_detected"


def test_of_a_dead_letter_no_part_keeps_a_card_number_nor_a_hash_of_it() -> None:
    digits = VISA.encode()
    value = b'{"customer_name": "%b"}' % digits
    message = Message(
        topic="t", partition=0, offset=0, key=digits, value=value, headers=[("h", digits)]
    )
    for reason in ("pan_detected", "too_large"):
        row = dead_letter_rows([(message, Rejection(reason, "x"))], 1_000, "2026-01-01T00:00:00Z")
        assert digits not in row
        assert digits.hex().encode() not in row
        assert hashlib.sha256(value).hexdigest().encode() not in row


def test_a_telephone_number_of_the_contract_is_no_card_number() -> None:
    found = decode(order("t", customer_phone="+4915112345678"), max_bytes=10_000)
    assert isinstance(found, OrderEvent)
