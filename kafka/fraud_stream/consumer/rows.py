"""Rows as the text form of Postgres' COPY, built in bytes: what a landing sends. Pure."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import version

import msgspec

from fraud_core.events import LabelEvent, OrderEvent
from fraud_stream.consumer.batch import Partition, Record, coordinates
from fraud_stream.consumer.card_numbers import without_card_numbers
from fraud_stream.consumer.rejection import ERASED, Rejection
from fraud_stream.consumer.triage import received_ms
from fraud_stream.scoring.decision import Decision

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

NULL = b"\\N"
MAX_KEY_BYTES = 1_024
MAX_HEADERS = 50
MAX_HEADER_BYTES = 1_024
MAX_DETAIL = 500
"""What a dead letter keeps of those; its value is kept up to the size that an order may have."""

_CODE_VERSION = version("fraud-platform").encode()
_json = msgspec.json.Encoder().encode


def order_rows(orders: Iterable[tuple[Record, OrderEvent]], first: int, now: str) -> bytes:
    """Of raw.transactions_stream; `first` is the first ingest_id, `now` stands in for no time."""
    lines: list[bytes] = []
    for ingest_id, (record, event) in enumerate(orders, first):
        value = record.value() or b""
        lines.append(
            b"%d\t%s\t%d\t%d\t%s\t%s\t%s\t%s\t%s\n"
            % (
                ingest_id,
                *_coordinates(record),
                _text(event.transaction_id.encode()),
                _text(event.customer_id.encode()),
                event.event_time.isoformat().encode(),
                _received(record) or now.encode(),
                _text(value),
            )
        )
    return b"".join(lines)


def key_rows(orders: Iterable[tuple[Record, OrderEvent]], first: int) -> bytes:
    """Of raw.transaction_keys."""
    return b"".join(
        b"%s\t%d\n" % (_text(event.transaction_id.encode()), ingest_id)
        for ingest_id, (_, event) in enumerate(orders, first)
    )


def outbox_rows(decisions: Iterable[Decision], first: int) -> bytes:
    """Of raw.flagged_outbox: the orders that somebody is to be told of."""
    return b"".join(
        b"%d\n" % ingest_id
        for ingest_id, decision in enumerate(decisions, first)
        if decision.outcome != "approve"
    )


def decision_rows(
    decided: Sequence[tuple[str, Decision]], first: int, rule_set_version: str, now: str
) -> bytes:
    """Of raw.transaction_decisions, from pairs of transaction_id and decision of one batch."""
    rules, end = _text(rule_set_version.encode()), b"\t%s\n" % now.encode()
    verdicts: dict[tuple[object, ...], bytes] = {}
    remarks: dict[object, bytes] = {}
    lines: list[bytes] = []
    for ingest_id, (transaction_id, decision) in enumerate(decided, first):
        key = (decision.outcome, decision.score, id(decision.factors), decision.recommended_action)
        verdict = verdicts.get(key)
        if verdict is None:
            verdicts[key] = verdict = _verdict(decision, rules)
        reasons = decision.reasons
        apart = decision.shadow or decision.snoozed or decision.lists
        remark = None if apart else remarks.get(id(decision.not_evaluable))
        if remark is None:
            remark = _remarks(decision)
            if not apart:
                remarks[id(decision.not_evaluable)] = remark
        lines.append(
            b"%d\t%s\t%s\t%s\t%s\t%s%s"
            % (
                ingest_id,
                _text(transaction_id.encode()),
                verdict,
                _json_text(reasons) if reasons else b"[]",
                _json_text(decision.features),
                remark,
                end,
            )
        )
    return b"".join(lines)


def _verdict(decision: Decision, rules: bytes) -> bytes:
    """What many decisions share: they come to it by the same rules that fired."""
    return b"%s\t%s\t%s\t%a\t%s\t%s" % (
        rules,
        _text(decision.lists_version.encode()),
        decision.outcome.encode(),
        decision.score,
        _text(decision.recommended_action.encode()),
        _json_text(decision.factors),
    )


def _remarks(decision: Decision) -> bytes:
    """What is recorded without counting."""
    parts = (decision.not_evaluable, decision.shadow, decision.snoozed, decision.lists)
    return b"\t".join(map(_json_text, parts))


def label_rows(labels: Iterable[tuple[Record, LabelEvent]], first: int, now: str) -> bytes:
    """Of raw.transaction_labels; `first` is the first ingest_id, `now` stands in for no time."""
    return b"".join(
        b"%d\t%s\t%d\t%d\t%s\t%s\t%s\t%s\t%s\t%s\n"
        % (
            ingest_id,
            *_coordinates(record),
            _text(label.transaction_id.encode()),
            label.label.encode(),
            label.source.encode(),
            NULL if label.reason is None else _text(label.reason.encode()),
            label.labelled_at.isoformat().encode(),
            _received(record) or now.encode(),
        )
        for ingest_id, (record, label) in enumerate(labels, first)
    )


def duplicate_rows(duplicates: Iterable[tuple[Record, str]], now: str) -> bytes:
    """Of raw.duplicate_transactions."""
    return b"".join(
        b"%s\t%d\t%d\t%s\t%s\t%s\n"
        % (
            *_coordinates(record),
            _text(transaction_id.encode()),
            _received(record) or now.encode(),
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
            *_coordinates(record),
            _text(rejection.reason.encode()),
            _text(rejection.detail[:MAX_DETAIL].encode()),
            *(_NOTHING if rejection is ERASED else _contents(record, max_bytes)),
            _received(record) or NULL,
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
        _json_text(_headers(record)),
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


def _coordinates(record: Record) -> tuple[bytes, int, int]:
    (topic, partition), offset = coordinates(record)
    return topic.encode(), partition, offset


def _json_text(value: object) -> bytes:
    """As JSON, whose own escapes are all that has to be escaped again."""
    text = _json(value)
    return text.replace(b"\\", b"\\\\") if b"\\" in text else text


def _text(value: bytes) -> bytes:
    """Escaped as COPY reads it."""
    if b"\\" in value:
        value = value.replace(b"\\", b"\\\\")
    if b"\n" in value or b"\r" in value or b"\t" in value:
        value = value.replace(b"\n", b"\\n").replace(b"\r", b"\\r").replace(b"\t", b"\\t")
    return value


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


def _received(record: Record) -> bytes | None:
    at = received_ms(record)
    return None if at is None else _instant(at)


def _instant(milliseconds: int) -> bytes:
    seconds, rest = divmod(milliseconds, 1000)
    return b"%s.%03d+00" % (_second(seconds), rest)


@lru_cache(maxsize=4096)
def _second(seconds: int) -> bytes:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S").encode()
