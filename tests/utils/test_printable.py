"""Nothing that somebody sent can move the cursor of whoever looks at it."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fraud_local.printable import printable, printable_lines


@given(st.text())
def test_no_control_format_or_separator_character_is_left(text: str) -> None:
    shown = printable(text).replace(" ", "")
    assert not [c for c in shown if unicodedata.category(c)[0] in "CZ"]


@given(st.binary())
def test_any_bytes_become_text_that_a_terminal_can_encode(value: bytes) -> None:
    assert b"\x1b" not in printable(value).encode("utf-8")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("naïve café, 5 €", "naïve café, 5 €"),
        ("\x1b[2J", r"\x1b[2J"),
        ("a\rb\tc", r"a\rb\tc"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("\x9b31m", r"\x9b31m"),
        (b"\xff\x00", r"\xff\x00"),
    ],
)
def test_what_does_not_show_is_spelt_out(text: str | bytes, shown: str) -> None:
    assert printable(text) == shown


def test_line_breaks_stay_line_breaks_where_lines_are_wanted() -> None:
    assert printable_lines(b'{\n "a": 1\r\n}') == ["{", r' "a": 1\r', "}"]
