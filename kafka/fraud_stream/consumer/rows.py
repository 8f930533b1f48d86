"""What a landing sends to Postgres' COPY, built in bytes. Pure.

Decided orders are in its binary form; the few rows of everything else are text.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from importlib.metadata import version

from fraud_core.events import LabelEvent
from fraud_stream.consumer.batch import Partition, Record
from fraud_stream.consumer.binary_rows import TABLES, Decided
from fraud_stream.consumer.card_numbers import without_card_numbers
from fraud_stream.consumer.copy_binary import double, field, jsonb, rows_of
from fraud_stream.consumer.copy_text import (
    NULL,
    encoded,
    escaped,
    json_text,
    received,
    whereabouts,
)
from fraud_stream.consumer.forms import BinaryRows
from fraud_stream.consumer.rejection import ERASED, Rejection
from fraud_stream.scoring.decision import Decision
from fraud_stream.scoring.order.clock import microseconds, moment
from fraud_stream.scoring.order.memo import Memo

COLUMNS = {
    "raw.transactions_stream": (
        "ingest_id, topic, kafka_partition, kafka_offset, transaction_id, customer_id, event_time, "
        "received_at, payload"
    ),
    "raw.transaction_keys": "transaction_id, ingest_id",
    "raw.flagged_outbox": "ingest_id",
    "raw.transaction_decisions": (
        "ingest_id, transaction_id, rule_set_version, lists_version, outcome, score, "
        "recommended_action, factors, reasons, features, not_evaluable, shadow, snoozed, lists, "
        "decided_at"
    ),
    "raw.transaction_labels": (
        "ingest_id, topic, kafka_partition, kafka_offset, transaction_id, label, source, reason, "
        "labelled_at, received_at"
    ),
    "raw.duplicate_transactions": (
        "topic, kafka_partition, kafka_offset, transaction_id, received_at, landed_at"
    ),
    "raw.dead_letters": (
        "topic, kafka_partition, kafka_offset, reason, detail, key, value, value_length, "
        "value_sha256, headers, received_at, landed_at, code_version, attempts"
    ),
}
"""The columns of each table in the order in which the functions below write them."""

MAX_KEY_BYTES = 1_024
MAX_HEADERS = 50
MAX_HEADER_BYTES = 1_024
MAX_DETAIL = 500
"""What a dead letter keeps of those; its value is kept up to the size that an order may have."""

_CODE_VERSION = version("fraud-platform").encode()


class DecidedRows:
    """The rows of decided orders, as they are added; `first` is the first one's ingest_id.

    `now` is when they were decided, and stands in for the time of messages that have none.
    """

    def __init__(self, first: int, rule_set_version: str, now: datetime) -> None:
        rules = field(rule_set_version.encode())
        self._rows = BinaryRows(
            first, microseconds(now), lambda d: _verdict(d, rules), _remarks, encoded
        )

    def add(self, decided: Sequence[Decided]) -> None:
        """The next orders, soon after they were decided: they are still in the caches then."""
        self._rows.add(decided)

    @property
    def newest(self) -> datetime | None:
        """The latest event time of the orders, in UTC; None without any."""
        newest = self._rows.newest
        return None if newest is None else moment(newest)

    def by_table(self) -> dict[str, bytes]:
        """All that is written about them; nothing can be added any more."""
        return dict(zip(TABLES, self._rows.tables(), strict=True))


def decided_rows(
    decided: Sequence[Decided], first: int, rule_set_version: str, now: datetime
) -> dict[str, bytes]:
    """The rows of orders that were decided together."""
    found = DecidedRows(first, rule_set_version, now)
    found.add(decided)
    return found.by_table()


def by_order(rows: Mapping[str, bytes]) -> list[dict[str, bytes]]:
    """What `decided_rows` wrote of each order by itself, whether it was flagged left aside.

    COPY reads it once it is `framed`.
    """
    tables = TABLES[:-1]
    apart = [rows_of(rows[table]) for table in tables]
    return [dict(zip(tables, own, strict=True)) for own in zip(*apart, strict=True)]


def _verdict(decision: Decision, rules: bytes) -> bytes:
    """What many decisions share: they come to it by the same rules that fired."""
    return b"".join(
        (
            rules,
            field(decision.lists_version.encode()),
            field(decision.outcome.encode()),
            double(decision.score),
            field(decision.recommended_action.encode()),
            field(encoded(decision.factors)),
        )
    )


def _remarks(decision: Decision) -> bytes:
    """What is recorded without counting."""
    mostly_empty = (decision.shadow, decision.snoozed, decision.lists)
    if not any(mostly_empty):
        return _NOTHING_BUT[decision.not_evaluable]
    parts = [jsonb(encoded(part)) for part in mostly_empty]
    return b"".join([field(encoded(decision.not_evaluable)), *parts])


_NOTHING_BUT = Memo[tuple[str, ...], bytes](
    lambda not_evaluable: field(encoded(not_evaluable)) + 3 * jsonb(b"[]"), 10_000
)
"""Remarks of which the rest is empty: a few hundred are those of almost all orders."""


def label_rows(labels: Iterable[tuple[Record, LabelEvent]], first: int, now: str) -> bytes:
    """Of raw.transaction_labels; `first` is the first ingest_id, `now` stands in for no time."""
    return b"".join(
        b"%d\t%s\t%d\t%d\t%s\t%s\t%s\t%s\t%s\t%s\n"
        % (
            ingest_id,
            *whereabouts(record),
            escaped(label.transaction_id.encode()),
            label.label.encode(),
            label.source.encode(),
            NULL if label.reason is None else escaped(label.reason.encode()),
            label.labelled_at.isoformat().encode(),
            received(record) or now.encode(),
        )
        for ingest_id, (record, label) in enumerate(labels, first)
    )


def duplicate_rows(duplicates: Iterable[tuple[Record, str]], now: str) -> bytes:
    """Of raw.duplicate_transactions."""
    return b"".join(
        b"%s\t%d\t%d\t%s\t%s\t%s\n"
        % (
            *whereabouts(record),
            escaped(transaction_id.encode()),
            received(record) or now.encode(),
            now.encode(),
        )
        for record, transaction_id in duplicates
    )


def dead_letter_rows(dead: Iterable[tuple[Record, Rejection]], max_bytes: int, now: str) -> bytes:
    """Of raw.dead_letters; of a value only the first `max_bytes` are kept, with its true length.

    Card numbers are taken out of all that is kept, and out of what is hashed. Of a customer who was
    erased nothing is kept.
    """
    return b"".join(
        b"%s\t%d\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t1\n"
        % (
            *whereabouts(record),
            escaped(rejection.reason.encode()),
            escaped(rejection.detail[:MAX_DETAIL].encode()),
            *(_NOTHING if rejection is ERASED else _contents(record, max_bytes)),
            received(record) or NULL,
            now.encode(),
            _CODE_VERSION,
        )
        for record, rejection in dead
    )


_NOTHING = (NULL, NULL, NULL, NULL, b"[]")


def _contents(record: Record, max_bytes: int) -> tuple[bytes, ...]:
    """Key, value, the value's length and hash, and headers."""
    return (
        _bytea(record.key(), MAX_KEY_BYTES),
        *_value(record.value(), max_bytes),
        json_text(_headers(record)),
    )


def quarantined_rows(messages: Iterable[tuple[Partition, int]], attempts: int, now: str) -> bytes:
    """Of raw.dead_letters, for messages that must not be read: coordinates and nothing else."""
    detail = (
        b"reading it ended the process %d times, so it was left in the topic unread; "
        b"it may be too large for the memory there is once decompressed" % attempts
    )
    return b"".join(
        b"%s\t%d\t%d\tquarantined\t%s\t\\N\t\\N\t\\N\t\\N\t[]\t\\N\t%s\t%s\t%d\n"
        % (
            topic.encode(),
            partition,
            offset,
            detail,
            now.encode(),
            _CODE_VERSION,
            attempts,
        )
        for (topic, partition), offset in messages
    )


def _bytea(value: bytes | None, most: int) -> bytes:
    return NULL if value is None else b"\\\\x" + without_card_numbers(value)[:most].hex().encode()


def _value(value: bytes | None, max_bytes: int) -> tuple[bytes, bytes, bytes]:
    """The bytes, how many there were, and their hash."""
    if value is None:
        return NULL, NULL, NULL
    value = without_card_numbers(value)
    digest = hashlib.sha256(value).hexdigest()
    return _bytea(value, max_bytes), b"%d" % len(value), digest.encode()


def _headers(record: Record) -> list[dict[str, str | None]]:
    try:
        headers = record.headers() or ()
    except UnicodeDecodeError:
        return [{"name": "(a header's name is not UTF-8)", "value": None}]
    return [
        {
            "name": _readable(name.encode()),
            "value": _readable(value.encode() if isinstance(value, str) else value),
        }
        for name, value in list(headers)[:MAX_HEADERS]
    ]


def _readable(value: bytes | None) -> str | None:
    """Text that jsonb can hold, whatever the bytes are."""
    if value is None:
        return None
    kept = without_card_numbers(value)[:MAX_HEADER_BYTES]
    return kept.decode("utf-8", "backslashreplace").replace("\0", "\\x00")
