"""Whether the bytes kept of a dead letter are those that came."""

import hashlib

import pytest

from fraud_stream.delivery.dead_letters import (
    ABSENT,
    CHANGED,
    ORIGINAL,
    VALUE_IS,
    DeadLetters,
    what_is_kept,
)
from fraud_stream.delivery.outgoing import Outgoing


def sha256(value: bytes) -> str:
    return hashlib.sha256(value).hexdigest()


@pytest.mark.parametrize(
    ("reason", "came", "kept", "is_what"),
    [
        ("not_json", b"{broken", b"{broken", ORIGINAL),
        ("too_large", b"x" * 100, b"x" * 10, CHANGED),
        ("not_json", b"", b"", ORIGINAL),
        ("pan_detected", b'"**** **** **** ****"', b'"**** **** **** ****"', CHANGED),
        ("not_json", b"{****************", b"{****************", CHANGED),
        ("not_json", b"{****  **** - ****  ****", b"{****  **** - ****  ****", CHANGED),
        ("encoding", b"*\0" * 16, b"*\0" * 16, CHANGED),
        ("not_json", b"{ a footnote* **}", b"{ a footnote* **}", ORIGINAL),
    ],
)
def test_the_kept_bytes_are_the_original_only_when_whole_and_not_redacted(
    reason: str, came: bytes, kept: bytes, is_what: str
) -> None:
    assert what_is_kept(reason, kept, len(came), sha256(came)) == is_what


def test_a_message_without_a_value_is_kept_as_it_is() -> None:
    assert what_is_kept("no_value", None, None, None) == ORIGINAL


def test_of_a_message_in_quarantine_nothing_is_kept() -> None:
    assert what_is_kept("quarantined", None, None, None) == ABSENT


def test_a_message_sent_without_its_value_says_so_and_keeps_the_rest() -> None:
    message = Outgoing(key=b"c-1", value=b"large", headers={"reason": "r", VALUE_IS: ORIGINAL})
    sent = DeadLetters("dead-letters").in_place_of(message)
    assert (sent.key, sent.value) == (b"c-1", None)
    assert sent.headers == {"reason": "r", VALUE_IS: ABSENT}
