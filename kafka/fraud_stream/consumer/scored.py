"""From a batch of messages to a landing: decode, sort, score, and write down as COPY reads it."""

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from fraud_core.events import LabelEvent
from fraud_core.settings import Settings
from fraud_stream.consumer import recovery, rows
from fraud_stream.consumer.batch import Batch, Counts, Landing, Record, Terms
from fraud_stream.consumer.breaker import BreakerState, after
from fraud_stream.consumer.decode import landed_order
from fraud_stream.consumer.erased import Erased
from fraud_stream.consumer.learning import is_learned, verdict
from fraud_stream.consumer.quarantine import ATTEMPTS
from fraud_stream.consumer.state import State
from fraud_stream.consumer.triage import KnownBad, Triage, triage
from fraud_stream.consumer.waiting import Database

PORTION = 500
"""Messages that are decoded together, and scored before the next ones are: what is made of them,
some kilobytes each, is in the caches then, and its memory is there for those after them."""

AT_ONCE = 100
"""Orders that are scored, written down and let go one after the other: few enough to stay in the
caches. Let go later, by whoever has waited for the commit, they cost three times as much."""


class Scored(msgspec.Struct, frozen=True):
    """A batch whose orders are part of the state, and what is to be written about it.

    `orders` are the messages of those that land, by transaction_id and in their order; `outcomes`
    what was decided of each. The orders themselves and the decisions are in the rows.
    """

    batch: Batch
    known_bad: KnownBad
    sorted_out: Triage
    orders: Mapping[str, Record]
    outcomes: Sequence[str]
    landing: Landing
    breaker: BreakerState

    def messages(self, transaction_ids: Collection[str]) -> dict[str, bytes]:
        """Of those orders, by id, that are among its own."""
        return messages(self.orders, transaction_ids)


def messages(orders: Mapping[str, Record], transaction_ids: Collection[str]) -> dict[str, bytes]:
    """Of those orders, by id, that are there."""
    if orders.keys().isdisjoint(transaction_ids):
        return {}  # as almost always
    return {
        name: orders[name].value() or b""
        for name in dict.fromkeys(transaction_ids)
        if name in orders
    }


def portions(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    """All of them in their order, about `PORTION` at a time.

    Those of one millisecond stay together: only event time tells what came first among them.
    """
    start = 0
    while start < len(records):
        end = start + PORTION
        while end < len(records) and records[end].timestamp() == records[end - 1].timestamp():
            end += 1
        yield records[start:end]
        start = end


class _Decided:
    """Decides on orders, and keeps what is to be written about them: not them themselves."""

    def __init__(self, state: State, now: datetime) -> None:
        self._scorer, self.now = state.scorer, now
        version = state.scorer.scorer.rule_set_version
        self.rows = rows.DecidedRows(state.ingest_id + 1, version, now)
        self.outcomes: list[str] = []

    def take(self, sorted_out: Triage) -> None:
        """Its orders, which are no longer part of it then."""
        while some := sorted_out.take(AT_ONCE):
            decided = [(record, event, self._scorer.decide(event)) for record, event in some]
            self.rows.add(decided)
            self.outcomes += [decision.outcome for _, _, decision in decided]
            del decided


def _learned(sorted_out: Triage) -> list[LabelEvent]:
    return [label for _, label in sorted_out.labels if is_learned(label)]


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
        decided = _Decided(state, datetime.now(UTC))
        sorted_out, after_it = Triage([], [], [], []), breaker
        orders: dict[str, Record] = {}
        for some in portions(batch.records):
            portion = self._triage(some, known_bad, pending, orders)
            after_it = after(after_it, portion, self._settings.consumer_breaker_messages)
            orders |= {event.transaction_id: record for record, event in portion.orders}
            decided.take(portion)
            sorted_out.add(portion)
        self._learn(sorted_out, state, orders, pending)
        state.ingest_id += len(orders) + len(sorted_out.labels)
        landing = Landing(
            start=batch.start,
            end=batch.end,
            rows={
                **decided.rows.by_table(),
                **self._other_rows(batch, sorted_out, state, decided.now.isoformat()),
            },
            last_ingest_id=state.ingest_id,
            newest_event_time=newest.isoformat() if (newest := decided.rows.newest) else None,
            counts=Counts(
                landed=len(orders),
                flagged=len(decided.outcomes) - decided.outcomes.count("approve"),
                labels=len(sorted_out.labels),
                duplicates=len(sorted_out.duplicates),
                dead=len(sorted_out.dead) + len(batch.quarantined),
            ),
            breaker=after_it if after_it != breaker else None,
            skipped=batch.skipped(),
        )
        return Scored(batch, known_bad, sorted_out, orders, decided.outcomes, landing, after_it)

    def _triage(
        self,
        records: Sequence[Record],
        known_bad: KnownBad,
        pending: Scored | None,
        orders: Mapping[str, Record],
    ) -> Triage:
        def landed(transaction_ids: Sequence[str]) -> Mapping[str, bytes | None]:
            on_its_way = pending.messages(transaction_ids) if pending else {}
            on_its_way |= messages(orders, transaction_ids)
            found = self._database.look(
                lambda cursor: recovery.landed_payloads(cursor, transaction_ids)
            )
            stored = {
                name: None if payload is None else payload.encode()
                for name, (_, payload) in found.items()
            }
            return {**stored, **on_its_way}

        return triage(
            records,
            Terms(
                self._settings.kafka_topic_labels,
                self._settings.max_message_bytes,
                time.time_ns() // 1_000_000,
                self._settings.oldest_event_time,
            ),
            landed=landed,
            known_bad=known_bad,
            is_erased=self._erased.includes if self._erased else None,
        )

    def _learn(
        self,
        sorted_out: Triage,
        state: State,
        orders: Mapping[str, Record],
        pending: Scored | None,
    ) -> None:
        """The labels of a batch, after its orders; what they are about has landed, or will."""
        labels = _learned(sorted_out)
        if not labels:
            return
        ids = [label.transaction_id for label in labels]
        given = self._database.run(lambda cursor: recovery.verdicts(cursor, ids))
        given |= set(map(verdict, _learned(pending.sorted_out))) if pending else set()
        known = self._database.run(lambda cursor: recovery.landed_orders(cursor, ids))
        on_its_way = {**(pending.messages(ids) if pending else {}), **messages(orders, ids)}
        known |= {name: landed_order(value) for name, value in on_its_way.items()}
        for label in labels:
            if verdict(label) not in given:
                given.add(verdict(label))
                state.scorer.learn(label, known.get(label.transaction_id))

    def _other_rows(
        self, batch: Batch, sorted_out: Triage, state: State, now: str
    ) -> dict[str, bytes]:
        """Of all but the orders; labels have the last ids."""
        kept = self._settings.max_message_bytes
        first_label = state.ingest_id - len(sorted_out.labels) + 1
        dead = rows.dead_letter_rows(sorted_out.dead, kept, now)
        return {
            "raw.transaction_labels": rows.label_rows(sorted_out.labels, first_label, now),
            "raw.duplicate_transactions": rows.duplicate_rows(sorted_out.duplicates, now),
            "raw.dead_letters": dead + rows.quarantined_rows(batch.quarantined, ATTEMPTS, now),
        }
