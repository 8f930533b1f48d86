"""Labels land with the same guarantees as orders, on a topic that may come later than theirs."""

from collections.abc import Iterator
from contextlib import closing

import msgspec
import pytest
from confluent_kafka import Producer
from landing_support import PATIENCE_SECONDS, Ledger, Publish, order

from fraud_core.events import LabelEvent, OrderEvent
from fraud_core.settings import Settings
from fraud_local.landed import Landed, partition_accounts, require_complete
from fraud_local.topics import make_topics
from fraud_stream.consumer import recovery
from fraud_stream.consumer.catch_up import until_caught_up
from fraud_stream.consumer.recovery import Page
from fraud_stream.consumer.rule_files import HORIZON, RuleFiles
from fraud_stream.consumer.waiting import Database
from fraud_stream.scoring.scorer import RuleScorer

pytestmark = pytest.mark.integration

LABEL = (
    b'{"transaction_id":"t-%d","label":"fraud","source":"chargeback","reason":"not\\tmine",'
    b'"labelled_at":"2026-01-20T08:00:00+02:00"}'
)


@pytest.fixture
def label_settings(stream_settings: Settings) -> Settings:
    """The stream's settings, once the labels' topic has been made."""
    topics = [stream_settings.kafka_topic_labels]
    make_topics(stream_settings.bootstrap_servers(), topics, partitions=2)
    return stream_settings


def publish_labels(settings: Settings, *values: bytes) -> None:
    producer = Producer(
        {"bootstrap.servers": settings.bootstrap_servers(), "enable.idempotence": True}
    )
    for number, value in enumerate(values):
        producer.produce(settings.kafka_topic_labels, value, b"key", partition=number % 2)
    assert not producer.flush(PATIENCE_SECONDS)


def test_a_label_lands_as_it_was_sent(
    label_settings: Settings, publish: Publish, ledger: Ledger
) -> None:
    publish([(0, order(1))])
    publish_labels(label_settings, LABEL % 1)
    assert until_caught_up(label_settings).labels == 1
    assert ledger.rows(
        "select transaction_id, label, source, reason, labelled_at::text "
        "from raw.transaction_labels"
    ) == [("t-1", "fraud", "chargeback", "not\tmine", "2026-01-20 06:00:00+00")]


def test_each_message_of_both_topics_is_accounted_for(
    label_settings: Settings, publish: Publish
) -> None:
    publish([(0, order(1)), (1, order(1)), (2, order(2)), (2, b"{")])
    publish_labels(label_settings, LABEL % 1, b"{", LABEL % 2, LABEL % 2)
    until_caught_up(label_settings)
    assert require_complete(partition_accounts(label_settings)) == Landed(2, 3, 1, 2)


def test_orders_and_labels_share_one_sequence_of_ingest_ids(
    label_settings: Settings, publish: Publish, ledger: Ledger
) -> None:
    for number in range(3):
        publish([(0, order(number))])
        publish_labels(label_settings, LABEL % number)
        until_caught_up(label_settings)
    assert ledger.rows(
        "select ingest_id from raw.transactions_stream "
        "union all select ingest_id from raw.transaction_labels order by 1"
    ) == [(number,) for number in range(1, 7)]


def test_labels_are_read_as_soon_as_their_topic_is_made(
    stream_settings: Settings, publish: Publish
) -> None:
    publish([(0, order(1))])
    assert until_caught_up(stream_settings).labels == 0
    make_topics(stream_settings.bootstrap_servers(), [stream_settings.kafka_topic_labels], 2)
    publish_labels(stream_settings, LABEL % 1)
    assert until_caught_up(stream_settings).labels == 1


def test_a_page_of_what_landed_holds_no_more_labels_than_orders_and_leaves_none_out(
    label_settings: Settings, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "PAGE_ROWS", 2)
    for orders, labels in [((1, 3), (0, 5)), ((3, 8), (5, 6))]:
        publish((0, order(n)) for n in range(*orders))
        publish_labels(label_settings, *(LABEL % n for n in range(*labels)))
        until_caught_up(label_settings)
    pages = list(landed_pages(label_settings))
    kinds = [[type(landed.event) for landed in page.entries] for page in pages]
    assert all(page.count(OrderEvent) <= 2 and page.count(LabelEvent) <= 2 for page in kinds)
    assert [landed.ingest_id for page in pages for landed in page.entries] == list(range(1, 14))
    assert kinds[1] == [LabelEvent] * 2
    assert [page.last_ingest_id for page in pages][-1] == 13


def test_a_page_of_what_landed_ends_with_the_message_that_fills_it(
    label_settings: Settings, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "PAGE_BYTES", 2 * len(order(1)) - 1)
    monkeypatch.setattr(recovery, "MESSAGES_AT_ONCE", 1)
    publish((0, order(n)) for n in range(1, 6))
    publish_labels(label_settings, *(LABEL % n for n in range(1, 6)))
    until_caught_up(label_settings)
    pages = list(landed_pages(label_settings))
    labels = [[isinstance(each.event, LabelEvent) for each in page.entries] for page in pages]
    assert [landed.ingest_id for page in pages for landed in page.entries] == list(range(1, 11))
    assert [page.count(False) for page in labels] == [2, 2, 1, 0, 0]
    assert [page.count(True) for page in labels] == [0, 0, 2, 2, 1]
    assert [page.last_ingest_id for page in pages][-1] == 10


def landed_pages(settings: Settings) -> Iterator[Page]:
    """All that landed, as a scorer reads it back."""
    with closing(Database(settings, "tests", lambda: False)) as database:
        until = database.run(lambda cursor: recovery.reach(cursor, HORIZON))
        after = 0
        while after < until.last_ingest_id:
            page = database.run(lambda cursor, at=after: recovery.landed_after(cursor, at, until))
            yield page
            after = page.last_ingest_id


def remembering(settings: Settings) -> tuple[RuleFiles, list[RuleScorer]]:
    """Rules in force, and the scorers that are made by them, the newest last."""
    scorers: list[RuleScorer] = []

    class Remembering(RuleFiles):
        def make(self) -> RuleScorer:
            scorers.append(super().make())
            return scorers[-1]

    return Remembering.of(settings), scorers


@pytest.mark.parametrize("batch_rows", [1, 2, 100])
def test_a_label_that_repeats_a_verdict_is_not_learned_again(
    label_settings: Settings, publish: Publish, ledger: Ledger, batch_rows: int
) -> None:
    settings = label_settings.model_copy(update={"consumer_batch_rows": batch_rows})
    kind, scorers = remembering(settings)
    again = (LABEL % 1).replace(b"chargeback", b"manual_review")
    other = (LABEL % 1).replace(b"fraud", b"legitimate")
    truth = (LABEL % 2).replace(b"chargeback", b"injected")
    publish([(0, order(1)), (1, order(2))])
    publish_labels(settings, LABEL % 1, LABEL % 1, again, other)
    until_caught_up(settings, kind=kind)
    publish_labels(settings, again, other, truth, LABEL % 2)
    assert until_caught_up(settings, kind=kind).labels == 4
    live, late = scorers[-1], order(3, event_time="2026-01-21T00:00:00+00:00")
    publish([(0, late)])
    until_caught_up(settings, kind=kind)
    live.score(msgspec.json.decode(late, type=OrderEvent))
    assert scorers[-1] is not live
    assert scorers[-1].snapshot() == live.snapshot()
    found = ledger.rows(
        "select (features::jsonb -> 'shop_labels_30d')::int, "
        "round((features::jsonb -> 'shop_fraud_share_30d')::numeric, 4)::float "
        "from raw.transaction_decisions where transaction_id = 't-3'"
    )
    assert found == [(3, 0.6667)]


def test_what_was_learned_from_labels_is_learned_again_after_a_restart(
    label_settings: Settings, publish: Publish
) -> None:
    settings = label_settings.model_copy(update={"consumer_batch_rows": 3})
    kind, scorers = remembering(settings)
    publish_labels(settings, LABEL % 1, LABEL % 8, LABEL % 404)  # before their orders
    until_caught_up(settings, kind=kind)
    publish((0, order(n)) for n in range(5))
    publish_labels(settings, LABEL % 2, LABEL % 1)
    until_caught_up(settings, kind=kind)
    publish((0, order(n)) for n in range(5, 10))
    until_caught_up(settings, kind=kind)
    live = scorers[-1]
    publish([(0, order(10))])
    until_caught_up(settings, kind=kind)
    live.score(msgspec.json.decode(order(10), type=OrderEvent))
    assert scorers[-1] is not live
    assert scorers[-1].snapshot() == live.snapshot()
    unlearned = kind.make()
    for number in range(11):
        unlearned.score(msgspec.json.decode(order(number), type=OrderEvent))
    assert unlearned.snapshot() != live.snapshot()
