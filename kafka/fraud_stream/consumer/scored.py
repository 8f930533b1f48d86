"""From a batch of messages to a landing: decode, sort, score, and write down as COPY text."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from fraud_core.events import OrderEvent
from fraud_core.settings import Settings
from fraud_stream.consumer import recovery, rows
from fraud_stream.consumer.batch import Batch, Counts, Landing
from fraud_stream.consumer.breaker import BreakerState, after
from fraud_stream.consumer.erased import Erased
from fraud_stream.consumer.forms import microseconds
from fraud_stream.consumer.learning import is_learned
from fraud_stream.consumer.lines import Decided
from fraud_stream.consumer.quarantine import ATTEMPTS
from fraud_stream.consumer.state import State
from fraud_stream.consumer.triage import KnownBad, Triage, triage
from fraud_stream.consumer.waiting import Database

AT_ONCE = 100
"""Orders that are scored and written down one after the other: few enough to stay in the caches."""


class Scored(msgspec.Struct, frozen=True):
    """A batch whose orders are part of the state, and what is to be written about it."""

    batch: Batch
    known_bad: KnownBad
    sorted_out: Triage
    decided: Sequence[Decided]
    landing: Landing
    breaker: BreakerState

    def orders(self) -> dict[str, OrderEvent]:
        """By id."""
        return {event.transaction_id: event for _, event, _ in self.decided}

    def messages(self, transaction_ids: Iterable[str]) -> dict[str, bytes]:
        """Of those orders, by id, that are among its own."""
        wanted = set(transaction_ids)
        return {
            event.transaction_id: record.value() or b""
            for record, event, _ in self.decided
            if event.transaction_id in wanted
        }


class BatchScorer:
    """Scores a batch on the state that the ones before it left behind.

    The one before it may still be on its way into Postgres: `pending` is looked at as well.
    """

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._erased = Erased(settings, database)

    def score(
        self,
        batch: Batch,
        state: State,
        breaker: BreakerState,
        *,
        known_bad: KnownBad,
        pending: Scored | None,
    ) -> Scored:
        """Take the batch into `state`, and say what is to be written about it."""
        sorted_out = self._triage(batch, known_bad, pending)
        first, scorer = state.ingest_id + 1, state.scorer
        now = datetime.now(UTC).isoformat()
        lines = rows.DecidedRows(first, scorer.scorer.rule_set_version, now)
        decided: list[Decided] = []
        for at in range(0, len(sorted_out.orders), AT_ONCE):
            orders = sorted_out.orders[at : at + AT_ONCE]
            some = [(record, event, scorer.decide(event)) for record, event in orders]
            lines.add(some)
            decided += some
        self._learn(sorted_out, state, pending)
        state.ingest_id += len(decided) + len(sorted_out.labels)
        after_it = after(breaker, sorted_out, self._settings.consumer_breaker_messages)
        landing = self._landing(batch, sorted_out, decided, lines)
        if after_it != breaker:
            landing = msgspec.structs.replace(landing, breaker=after_it)
        return Scored(batch, known_bad, sorted_out, decided, landing, after_it)

    def _triage(self, batch: Batch, known_bad: KnownBad, pending: Scored | None) -> Triage:
        def landed(transaction_ids: Sequence[str]) -> Mapping[str, bytes | None]:
            on_its_way = pending.messages(transaction_ids) if pending else {}
            found = self._database.look(
                lambda cursor: recovery.landed_payloads(cursor, transaction_ids)
            )
            stored = {
                name: None if payload is None else payload.encode()
                for name, (_, payload) in found.items()
            }
            return {**stored, **on_its_way}

        return triage(
            batch.records,
            labels_topic=self._settings.kafka_topic_labels,
            max_bytes=self._settings.max_message_bytes,
            landed=landed,
            known_bad=known_bad,
            oldest=self._settings.oldest_event_time,
            is_erased=self._erased.includes,
        )

    def _learn(self, sorted_out: Triage, state: State, pending: Scored | None) -> None:
        """The labels of a batch, after its orders; what they are about has landed, or will."""
        labels = [label for _, label in sorted_out.labels if is_learned(label)]
        if not labels:
            return
        ids = [label.transaction_id for label in labels]
        orders = self._database.run(lambda cursor: recovery.landed_orders(cursor, ids))
        orders |= pending.orders() if pending else {}
        orders |= {order.transaction_id: order for _, order in sorted_out.orders}
        for label in labels:
            state.scorer.learn(label, orders.get(label.transaction_id))

    def _landing(
        self,
        batch: Batch,
        sorted_out: Triage,
        decided: Sequence[Decided],
        lines: rows.DecidedRows,
    ) -> Landing:
        now, last = lines.now, lines.first + len(decided) - 1
        kept = self._settings.max_message_bytes
        times = (event.event_time for _, event, _ in decided)
        newest = max(times, default=None, key=microseconds)
        dead = rows.dead_letter_rows(sorted_out.dead, kept, now)
        return Landing(
            start=batch.start,
            end=batch.end,
            rows={
                **lines.by_table(),
                "raw.transaction_labels": rows.label_rows(sorted_out.labels, last + 1, now),
                "raw.duplicate_transactions": rows.duplicate_rows(sorted_out.duplicates, now),
                "raw.dead_letters": dead + rows.quarantined_rows(batch.quarantined, ATTEMPTS, now),
            },
            last_ingest_id=last + len(sorted_out.labels),
            newest_event_time=newest.isoformat() if newest else None,
            counts=Counts(
                landed=len(decided),
                flagged=sum(decision.outcome != "approve" for _, _, decision in decided),
                labels=len(sorted_out.labels),
                duplicates=len(sorted_out.duplicates),
                dead=len(sorted_out.dead) + len(batch.quarantined),
            ),
        )
