"""A replay from request to report: the edge where the sources, the scorer and the tables meet."""

import time
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

from fraud_core.database import Connection, connect
from fraud_core.errors import NothingToDoError
from fraud_core.settings import Role, Settings
from fraud_stream.consumer.batch import Terms
from fraud_stream.replay.kafka_source import from_kafka
from fraud_stream.replay.landed_source import Span, landed_values, span
from fraud_stream.replay.messages import Message, from_file, from_parquet, from_sent, from_values
from fraud_stream.replay.publishing import Sent, publish
from fraud_stream.replay.request import Request
from fraud_stream.replay.rescoring import rescore_landed, rescore_messages
from fraud_stream.replay.store import (
    ChangedOutcome,
    Run,
    changed_outcomes,
    differences,
    not_in_ledger,
    store,
)
from fraud_stream.scoring.rules.book import RuleBook


class Rescoring(msgspec.Struct, frozen=True, kw_only=True):
    """What came out: `differences` counts orders whose decision differs in any part.

    Those `decided_differently` have another outcome, score, action, reasons or list entries; of the
    others features, what could not be evaluated, or shadow and snoozed hits. `not_in_ledger` orders
    have no decision to compare with; `changed` explains changed outcomes.
    """

    replay_id: int
    rule_set_version: str
    orders: int
    differences: int
    decided_differently: int
    not_in_ledger: int
    changed: tuple[ChangedOutcome, ...]


def rescore(settings: Settings, request: Request, book: RuleBook) -> Rescoring:
    """Decide the orders anew into schema `replay`, and compare with the ledger.

    Point-in-time exact for source `raw`. Every other source is scored by a scorer that starts with
    nothing, so windows fill up first. Raises NothingToDoError when there are no orders.
    """
    began = datetime.now(UTC)
    with (
        closing(_reader(settings)) as reader,
        reader,
        reader.cursor() as looking,
        _without_erasures(settings) as cursor,
    ):
        topic = settings.kafka_topic_transactions
        within = span(looking, request, topic) if request.source == "raw" else None
        rescored = (
            rescore_landed(looking, book, request, topic, within)
            if within
            else rescore_messages(_messages(settings, request, reader), book)
        )
        replay_id, orders = store(cursor, _run(request, within, book, began), rescored)
        if not orders:
            raise NothingToDoError(f"there is no order in {request}")
        in_any_part, decided = differences(cursor, replay_id)
        return Rescoring(
            replay_id=replay_id,
            rule_set_version=book.version,
            orders=orders,
            differences=in_any_part,
            decided_differently=decided,
            not_in_ledger=not_in_ledger(cursor, replay_id),
            changed=tuple(changed_outcomes(cursor, replay_id)),
        )


def resend(settings: Settings, request: Request, *, topic: str, speed: float | None) -> Sent:
    """Send the orders to a topic of their own. Raises NothingToDoError when there are none."""
    with _without_erasures(settings), closing(_reader(settings)) as reader, reader:
        sent = publish(settings, _messages(settings, request, reader), topic=topic, speed=speed)
    if not sent.sent and not sent.interrupted:
        raise NothingToDoError(f"there is no order in {request}")
    return sent


@contextmanager
def _without_erasures(settings: Settings) -> Generator[Cursor]:
    """A transaction to write in. Until it ends nobody is erased: he would come back with what the
    reader has seen of him before. It begins first, and waits for an erasure that is at work."""
    with (
        closing(_connection(settings)) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("select pg_advisory_xact_lock_shared(hashtext('dbt'), 0)")
        yield cursor


def _reader(settings: Settings) -> Connection:
    """Sees one moment: what lands meanwhile is not part of the replay."""
    reader = _connection(settings)
    reader.set_session(isolation_level="REPEATABLE READ", readonly=True)
    return reader


def _connection(settings: Settings) -> Connection:
    """Orders that are sent at the pace at which they came can be hours apart."""
    patient = "-c idle_in_transaction_session_timeout=0"
    return connect(settings, Role.DBT, application="fraud replay", options=patient)


def _run(request: Request, within: Span | None, book: RuleBook, began: datetime) -> Run:
    return Run(
        source=request.source,
        asked_for=str(request),
        first_ingest_id=within and within.first,
        last_ingest_id=within and within.last,
        rule_set_version=book.version,
        lists_version=book.lists.version,
        started_at=began,
    )


def _messages(settings: Settings, request: Request, reader: Connection) -> Iterator[Message]:
    """The orders of any source, as messages."""
    terms = Terms(
        settings.kafka_topic_labels,
        settings.max_message_bytes,
        int(time.time() * 1000),
        settings.oldest_event_time,
    )
    if request.source == "parquet":
        found = from_parquet(request.path or "")
    elif request.source == "file":
        found = from_file(Path(request.path or ""), terms)
    elif request.source == "kafka":
        found = from_sent(from_kafka(settings, request), terms)
    else:
        found = from_values(
            landed_values(reader, request, settings.kafka_topic_transactions), terms
        )
    return (message for message in found if request.holds(message.at))
