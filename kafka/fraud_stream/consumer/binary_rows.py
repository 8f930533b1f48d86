"""The rows of decided orders, for the four tables that hold them.

`_core` writes the same bytes in two fifths of the time, where there was a C compiler
(docs/decisions/0027).
"""

from collections.abc import Callable, Sequence

from fraud_core.events import OrderEvent
from fraud_stream.consumer.batch import Record, coordinates, received_ms
from fraud_stream.consumer.copy_binary import (
    begin_row,
    bigint,
    field,
    framed,
    integer,
    jsonb,
    row,
    timestamptz,
)
from fraud_stream.scoring.decision import Decision
from fraud_stream.scoring.order.clock import microseconds

Decided = tuple[Record, OrderEvent, Decision]
Part = Callable[[Decision], bytes]

TABLES = (
    "raw.transaction_keys",
    "raw.transactions_stream",
    "raw.transaction_decisions",
    "raw.flagged_outbox",
)
"""What is written about orders, in the order of `BinaryRows.tables`."""

_DECISION = begin_row(15)


class BinaryRows:
    """Rows for binary COPY that grow as orders are added; `first` is the first one's ingest_id.

    `now`, in microseconds since 1970, stands in for the time of messages that have none. `verdict`
    and `remarks` write the fields that many decisions share, and are not asked twice for the same;
    `json` writes features and reasons.
    """

    def __init__(
        self, first: int, now: int, verdict: Part, remarks: Part, json: Callable[[object], bytes]
    ) -> None:
        self._next = first
        self._now = timestamptz(now)
        self._verdict, self._remarks, self._json = verdict, remarks, json
        self._verdicts: dict[tuple[object, ...], bytes] = {}
        self._remembered: dict[int, bytes] = {}
        self._seen: list[Decision] = []
        self._tables: tuple[list[bytes], ...] = tuple([] for _ in TABLES)
        self._newest: int | None = None

    def add(self, decided: Sequence[Decided]) -> None:
        """The next orders."""
        keys, orders, decisions, outbox = self._tables
        for record, event, decision in decided:
            ingest_id, transaction_id = bigint(self._next), field(event.transaction_id.encode())
            keys.append(row(transaction_id, ingest_id))
            orders.append(row(ingest_id, *self._order(record, event, transaction_id)))
            decisions.append(
                b"".join((_DECISION, ingest_id, transaction_id, *self._decision(decision)))
            )
            if decision.outcome != "approve":
                outbox.append(row(ingest_id))
            self._next += 1

    @property
    def newest(self) -> int | None:
        """The latest event time of the orders, in microseconds since 1970; None without any."""
        return self._newest

    def tables(self) -> tuple[bytes, ...]:
        """All that COPY is to read for each of `TABLES`; nothing can be added any more."""
        keys, orders, decisions, outbox = map(framed, self._tables)
        return keys, orders, decisions, outbox

    def _order(self, record: Record, event: OrderEvent, transaction_id: bytes) -> tuple[bytes, ...]:
        (topic, partition), offset = coordinates(record)
        stamped = received_ms(record)
        event_time = microseconds(event.event_time)
        self._newest = event_time if self._newest is None else max(self._newest, event_time)
        return (
            field(topic.encode()),
            integer(partition),
            bigint(offset),
            transaction_id,
            field(event.customer_id.encode()),
            timestamptz(event_time),
            self._now if stamped is None else timestamptz(1000 * stamped),
            field(record.value() or b""),
        )

    def _decision(self, decision: Decision) -> tuple[bytes, ...]:
        return (
            self._shared_verdict(decision),
            jsonb(self._json(decision.reasons) if decision.reasons else b"[]"),
            field(self._json(decision.features)),
            self._shared_remarks(decision),
            self._now,
        )

    def _shared_verdict(self, decision: Decision) -> bytes:
        """Many decisions come to it by the same rules that fired."""
        key = (
            decision.outcome,
            decision.score,
            id(decision.factors),
            decision.recommended_action,
            decision.lists_version,
        )
        known = self._verdicts.get(key)
        if known is None:
            self._seen.append(decision)  # so that no other object comes to have the same id
            known = self._verdicts[key] = self._verdict(decision)
        return known

    def _shared_remarks(self, decision: Decision) -> bytes:
        if decision.shadow or decision.snoozed or decision.lists:
            return self._remarks(decision)
        key = id(decision.not_evaluable)
        known = self._remembered.get(key)
        if known is None:
            self._seen.append(decision)
            known = self._remembered[key] = self._remarks(decision)
        return known
