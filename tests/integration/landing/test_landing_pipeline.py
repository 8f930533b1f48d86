"""A batch on its way into Postgres counts as landed for the one that is scored meanwhile."""

import threading
from collections.abc import Generator, Sequence

import msgspec
import pytest
from confluent_kafka import Message
from landing_support import Ledger, Publish, order

from fraud_core.events import OrderEvent
from fraud_core.settings import Settings
from fraud_stream.consumer.batch import Batch, BreakerState
from fraud_stream.consumer.catch_up import until_caught_up
from fraud_stream.consumer.learning import LearningScorer
from fraud_stream.consumer.rule_files import RuleFiles
from fraud_stream.consumer.scored import BatchScorer, Scored
from fraud_stream.consumer.state import Origin, State
from fraud_stream.consumer.triage import NONE_KNOWN
from fraud_stream.consumer.waiting import Database
from fraud_stream.consumer.writer import Writer
from fraud_stream.scoring.decision import Decision
from fraud_stream.scoring.scorer import RuleScorer

pytestmark = pytest.mark.integration

LABEL = (
    b'{"transaction_id":"t-1","label":"fraud","source":"chargeback",'
    b'"labelled_at":"2026-01-01T08:00:00Z"}'
)


class Stage:
    """Scores batch after batch, none of which lands."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.database = Database(settings, "tests", lambda: False)
        self._scorer = BatchScorer(settings, self.database)
        self.state = State(LearningScorer(RuleFiles.of(settings).make()), 0, Origin(0, 0))
        self._offset = 0

    def score(self, values: Sequence[bytes], pending: Scored | None) -> Scored:
        topics = self._settings.kafka_topic_labels, self._settings.kafka_topic_transactions
        records = [
            Message(
                topic=topics[b'"customer_id"' in value],
                partition=0,
                offset=self._offset + number,
                key=_key(value),
                value=value,
            )
            for number, value in enumerate(values)
        ]
        self._offset += len(records)
        return self._scorer.score(
            Batch(records, {}, {}),
            self.state,
            BreakerState(),
            known_bad=NONE_KNOWN,
            pending=pending,
        )


def _key(value: bytes) -> bytes:
    event = msgspec.json.decode(value)
    return event.get("customer_id", event["transaction_id"]).encode()


@pytest.fixture
def stage(stream_settings: Settings) -> Generator[Stage]:
    stage = Stage(stream_settings)
    yield stage
    stage.database.close()


def test_an_order_that_is_on_its_way_is_known_already(stage: Stage) -> None:
    first = stage.score([order(1), order(2)], None)
    second = stage.score([order(2), order(1, amount=99.0), order(3)], first)
    counts = second.landing.counts
    assert (counts.landed, counts.duplicates, counts.dead) == (1, 1, 1)


def test_a_label_finds_its_order_on_its_way(stage: Stage) -> None:
    first = stage.score([order(1)], None)
    unlearned = stage.state.scorer.scorer.snapshot()
    stage.score([LABEL], first)
    assert stage.state.scorer.scorer.snapshot() != unlearned


def test_ids_go_on_where_those_on_their_way_end(stage: Stage) -> None:
    first = stage.score([order(1), order(2), LABEL], None)
    second = stage.score([order(3)], first)
    assert (first.landing.last_ingest_id, second.landing.last_ingest_id) == (3, 4)


class UnlandableScores(RuleScorer):
    """Gives some orders a score that the ledger refuses."""

    def score(self, event: OrderEvent) -> Decision:
        decision = super().score(event)
        if event.transaction_id in {"t-17", "t-18", "t-40"}:
            return msgspec.structs.replace(decision, score=1.5)
        return decision


class UnlandableFiles(RuleFiles):
    """Makes such scorers."""

    def make(self) -> RuleScorer:
        return UnlandableScores(self.book)


def test_what_was_scored_after_a_refused_batch_is_scored_again_without_it(
    stream_settings: Settings, publish: Publish, ledger: Ledger
) -> None:
    same = {"customer_id": "c"}
    publish((0, order(n, **same)) for n in range(60))
    settings = stream_settings.model_copy(update={"consumer_batch_rows": 7})
    done = until_caught_up(settings, kind=UnlandableFiles.of(settings))
    assert (done.landed, done.dead) == (57, 3)
    assert ledger.coordinates() == [(0, offset) for offset in range(60)]
    assert '"customer_orders_1h": 56' in ledger.decisions()["t-59"][-1]
    ids = ledger.rows("select ingest_id from raw.transactions_stream order by 1")
    assert ids == [(number,) for number in range(1, 58)]


def test_the_writer_hands_over_what_went_wrong(stage: Stage) -> None:
    writer = Writer(stage.database)
    writer.start(lambda cursor: cursor.execute("select 1"))
    writer.finish()
    writer.start(lambda _: _fail())
    with pytest.raises(ZeroDivisionError):
        writer.finish()


def _fail() -> None:
    raise ZeroDivisionError


def test_the_writer_ends_what_it_began(stage: Stage) -> None:
    writer, done = Writer(stage.database), threading.Event()
    writer.start(lambda cursor: (cursor.execute("select pg_sleep(0.2)"), done.set())[0])
    writer.close()
    assert done.is_set()
