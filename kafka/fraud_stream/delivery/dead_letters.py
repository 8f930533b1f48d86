"""Copies of the dead letters, for whoever mends them outside of the platform."""

import hashlib
import re
from datetime import datetime
from itertools import accumulate
from typing import NamedTuple

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

from fraud_core.alerts import EVENT_ID, REPLAY_OF
from fraud_stream.delivery.outgoing import MOST_BYTES, MOST_MESSAGES, Outgoing, Page, place

CHANNEL = "transactions_dead_letter"

QUARANTINED = "quarantined"
"""The reason of a message that was never read, because reading it ends the process."""

VALUE_IS = "value_is"
"""The header that says what the message's value is: one of the three below."""

ORIGINAL = "original"
CHANGED = "changed"
ABSENT = "absent"
"""The bytes as they came; a part of them, or redacted; or nothing, because nothing was kept, or
because it is too large for the topic. `value_length` and `value_sha256` are of the original."""

_STARRED = re.compile(rb"\*(?:[\0 -]{0,3}\*){12,}")
"""What is left of a card number; a message that came with so many stars is taken for redacted."""


class DeadLetters:
    """One message a dead letter: its bytes as the value, why and from where as headers."""

    name = CHANNEL

    def __init__(self, topic: str) -> None:
        self.topic = topic

    def page(self, cursor: Cursor, after: int) -> Page | None:
        """As many as fit; lengths are looked at first, because a dead letter can be large."""
        cursor.execute(_LENGTHS, (after, MOST_MESSAGES))
        found = cursor.fetchall()
        if not found:
            return None
        totals = accumulate(length for _, length in found)
        fitting = [row[0] for row, total in zip(found, totals, strict=True) if total <= MOST_BYTES]
        ids = fitting or [found[0][0]]
        cursor.execute(_LETTERS, (ids,))
        return Page(
            last_id=ids[-1], messages=[_outgoing(_Letter(*row)) for row in cursor.fetchall()]
        )

    def in_place_of(self, message: Outgoing) -> Outgoing:
        """The same without its value, which must not hold up the others."""
        return Outgoing(key=message.key, value=None, headers={**message.headers, VALUE_IS: ABSENT})


def what_is_kept(
    reason: str, value: bytes | None, value_length: int | None, value_sha256: str | None
) -> str:
    """Whether the kept bytes are those that came. A message without a value is kept as it is.

    Card numbers are taken out before anything is hashed, so hash and length do not tell.
    """
    if value is None:
        unread = reason == QUARANTINED or value_length is not None
        return ABSENT if unread else ORIGINAL
    is_whole = len(value) == value_length and hashlib.sha256(value).hexdigest() == value_sha256
    is_redacted = reason == "pan_detected" or _STARRED.search(value) is not None
    return ORIGINAL if is_whole and not is_redacted else CHANGED


class _Letter(NamedTuple):
    """A row of raw.dead_letters, as selected below."""

    topic: str
    partition: int
    offset: int
    reason: str
    detail: str
    key: memoryview | None
    value: memoryview | None
    value_length: int | None
    value_sha256: str | None
    headers: list[dict[str, str | None]]
    received_at: datetime | None
    landed_at: datetime
    attempts: int
    code_version: str


def _outgoing(letter: _Letter) -> Outgoing:
    value = None if letter.value is None else bytes(letter.value)
    said = {
        EVENT_ID: place(letter.topic, letter.partition, letter.offset),
        "reason": letter.reason,
        "detail": letter.detail,
        "topic": letter.topic,
        "partition": letter.partition,
        "offset": letter.offset,
        "received_at": letter.received_at and letter.received_at.isoformat(),
        "landed_at": letter.landed_at.isoformat(),
        "attempts": letter.attempts,
        "code_version": letter.code_version,
        "value_length": letter.value_length,
        "value_sha256": letter.value_sha256,
        VALUE_IS: what_is_kept(letter.reason, value, letter.value_length, letter.value_sha256),
        REPLAY_OF: next((h["value"] for h in letter.headers if h["name"] == REPLAY_OF), None),
    }
    return Outgoing(
        key=None if letter.key is None else bytes(letter.key),
        value=value,
        headers={name: str(said[name]) for name in said if said[name] is not None},
    )


_LENGTHS = """
select dead_letter_id, coalesce(octet_length(value), 0)
from raw.dead_letters
where dead_letter_id > %s
order by dead_letter_id
limit %s
"""

_LETTERS = """
select
    topic, kafka_partition, kafka_offset, reason, detail, key, value, value_length, value_sha256,
    headers, received_at, landed_at, attempts, code_version
from raw.dead_letters
where dead_letter_id = any(%s)
order by dead_letter_id
"""
