"""A message that is sent again is held against what the consumer will hold it against."""

import hashlib
from datetime import UTC, datetime

import msgspec
import pytest
from bad_input import order

from fraud_core.errors import DeadLetterError
from fraud_core.settings import Settings
from fraud_local.dead_letter_actions import edited, original
from fraud_local.dead_letters import Letter

AT = datetime(2026, 3, 10, tzinfo=UTC)
BROKEN = Letter(
    dead_letter_id=7,
    landed_at=AT,
    reason="not_json",
    state="open",
    topic="orders",
    partition=2,
    offset=41,
    value_length=1,
    detail="malformed",
    key=None,
    value=b"{",
    value_sha256=None,
    headers=[],
    received_at=AT,
    attempts=1,
    code_version="1.2.3",
    actions=[],
)
OF_1995 = order("t-1", event_time="1995-03-02T10:00:00Z")


def settings(oldest: int) -> Settings:
    return Settings.model_construct(
        kafka_topic_labels="labels", oldest_event_time=datetime(oldest, 1, 1, tzinfo=UTC)
    )


def test_an_order_from_the_future_is_refused_unless_it_is_wanted() -> None:
    future = order("t-1", event_time="2199-03-02T10:00:00Z")
    with pytest.raises(DeadLetterError, match="future"):
        edited(BROKEN, future, settings(2000))
    assert edited(BROKEN, future, settings(2000), anyway=True).value == future


def test_how_old_an_order_may_be_is_a_setting() -> None:
    with pytest.raises(DeadLetterError, match="ancient"):
        edited(BROKEN, OF_1995, settings(2000))
    assert edited(BROKEN, OF_1995, settings(1990)).value == OF_1995


@pytest.mark.parametrize(
    ("reason", "key"),
    [
        pytest.param("key_mismatch", b"someone-else", id="under the wrong key"),
        pytest.param("key_mismatch", b"c" * 1024, id="under a key that was cut"),
        pytest.param("id_conflict", b"cus-1", id="another order has its id for ever"),
    ],
)
def test_what_would_be_refused_again_goes_out_only_when_it_is_wanted(
    reason: str, key: bytes
) -> None:
    dead = refused(reason, key)
    with pytest.raises(DeadLetterError, match=reason):
        original(dead, settings(2000))
    sent = original(dead, settings(2000), anyway=True)
    assert (sent.key, sent.value) == (dead.key, dead.value)


def test_an_order_that_would_land_now_goes_out_under_its_key() -> None:
    dead = refused("unlandable", b"cus-1")
    assert original(dead, settings(2000)).key == b"cus-1"


def refused(reason: str, key: bytes) -> Letter:
    value = order("t-1", customer_id="cus-1")
    return msgspec.structs.replace(
        BROKEN,
        reason=reason,
        key=key,
        value=value,
        value_length=len(value),
        value_sha256=hashlib.sha256(value).hexdigest(),
    )
