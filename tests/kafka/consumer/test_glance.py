"""The glance at a message's bytes says the same compiled or not, and never clears what is not."""

from collections.abc import Callable
from typing import Any

import pytest
from bad_input import LIMIT
from hypothesis import given
from hypothesis import strategies as st
from mutations import mutations

from fraud_core.events import OrderEvent
from fraud_stream.consumer import decode as decoding
from fraud_stream.consumer import glance as python
from fraud_stream.consumer.glance import CLEAR, LONG_RUN, SPECIAL

compiled: Any = pytest.importorskip(
    "fraud_stream.consumer._core", reason="installed without a C compiler"
)
SAMPLES = 4_000
GLANCES = pytest.mark.parametrize("glance", [python.glance, compiled.glance], ids=["python", "c"])
Glance = Callable[[bytes], int]


@GLANCES
@pytest.mark.parametrize(
    ("value", "flag"),
    [
        (b"1234567890123", LONG_RUN),
        (b"....1234 5678-90123", LONG_RUN),
        (b"123456789012", 0),
        (b"1234 5678-901", LONG_RUN),
        (b"4111.1111/1111_1", LONG_RUN),
        (b"4111%20111+11111", LONG_RUN),
        (b"192.168.100.101", 0),
        (b" 192.168.100.101", 0),
        (b"12345678, 1234567", 0),
        (b"123456789012:345678901234", 0),
        (b"a\\n", SPECIAL),
        ("\u00e9".encode(), SPECIAL),
        (b"1234567\xff", SPECIAL),
        (b"\x7f", SPECIAL),
        (b"", 0),
    ],
)
def test_long_runs_and_special_characters_are_seen(glance: Glance, value: bytes, flag: int) -> None:
    assert glance(value) & ~CLEAR == flag


@given(st.one_of(st.binary(max_size=200), st.text("09 -./+%_,x", max_size=200).map(str.encode)))
def test_both_see_the_same_in_any_bytes(value: bytes) -> None:
    assert compiled.glance(value) & ~CLEAR == python.glance(value)


def test_both_see_the_same_in_damaged_orders() -> None:
    for _, value in mutations(7, SAMPLES):
        assert compiled.glance(value or b"") & ~CLEAR == python.glance(value or b"")


@pytest.mark.parametrize(
    "value",
    [
        b'{"a":1,"a":2}',
        b'{"a":1,"b":2,"a" :2}',
        b'{"a":{"b":1,"b":1}}',
        b'{"a":[{"b":1},{"c":1,"c":1}]}',
        b'{"long enough key":1,"x":[],"long enough key":2}',
        b'{"\\u0061":1,"a":2}',
        b'{"a":1e-99999}',
        b'{"a":0E+00000}',
        b'{"a":[[[[[]]]]]}',
        b"{%b}" % b",".join(b'"%d":1' % n for n in range(200)),
    ],
)
def test_a_key_twice_or_anything_odd_is_never_cleared(value: bytes) -> None:
    assert not compiled.glance(value) & CLEAR


@pytest.mark.parametrize(
    "value",
    [
        b'{"a":1,"b":{"a":1},"c":[{"a":1},{"a":2}]}       ',
        b'{"key":"a, \xc3\xa9: {[\'","text":"key"}        ',
        b'{"abcdefgh1":1,"abcdefgh2":2,"a":1.5e-7,"true":true}',
    ],
)
def test_what_is_in_order_is_cleared(value: bytes) -> None:
    assert compiled.glance(value) & CLEAR


def test_an_order_ends_the_same_with_either(monkeypatch: pytest.MonkeyPatch) -> None:
    def outcomes(glance: Glance) -> list[Any]:
        monkeypatch.setattr(decoding, "glance", glance)
        found = (decoding.decode(v, max_bytes=LIMIT, key=k) for k, v in mutations(8, SAMPLES))
        return ["order" if isinstance(one, OrderEvent) else one for one in found]

    assert outcomes(python.glance) == outcomes(compiled.glance)


def test_the_compiled_form_takes_bytes_and_nothing_else() -> None:
    with pytest.raises(TypeError, match="bytes"):
        compiled.glance("text")
