"""Every message of the topic ends in exactly one table, as it was sent."""

import hashlib
import json
from typing import Any

import pytest
from confluent_kafka import Producer
from landing_support import Ledger, Publish, StartConsumer, eventually, order

from fraud_core.errors import StreamError
from fraud_core.settings import Settings
from fraud_local.landed import accounts_since, require_complete
from fraud_stream.consumer import source
from fraud_stream.consumer.catch_up import CaughtUp, until_caught_up
from fraud_stream.consumer.lease import take
from fraud_stream.consumer.waiting import Database
from fraud_stream.scoring.decision import FACTORS

pytestmark = pytest.mark.integration


def small_batches(settings: Settings) -> Settings:
    """Many landings for few messages."""
    return settings.model_copy(update={"consumer_batch_rows": 7})


def counts(done: CaughtUp) -> tuple[int, int, int]:
    return done.landed, done.duplicates, done.dead


def test_every_offset_is_accounted_for(
    stream_settings: Settings, publish: Publish, ledger: Ledger
) -> None:
    partitions = stream_settings.kafka_partitions
    bad_and_doubled = {1: order(1), 2: None, 3: b"{"}
    values = [bad_and_doubled.get(n % 5, order(n)) for n in range(500)]
    sent = publish((n % partitions, value) for n, value in enumerate(values))
    done = until_caught_up(small_batches(stream_settings))
    assert sum(counts(done)) == sent
    expected = [(n % partitions, n // partitions) for n in range(500)]
    assert ledger.coordinates() == sorted(expected)


def test_ingest_ids_have_no_gaps_and_follow_each_partitions_order(
    stream_settings: Settings, publish: Publish, ledger: Ledger
) -> None:
    publish((n % 3, order(n)) for n in range(100))
    until_caught_up(small_batches(stream_settings))
    publish((n % 3, order(n)) for n in range(100, 200))
    until_caught_up(small_batches(stream_settings))
    rows = ledger.rows(
        "select ingest_id, kafka_partition, kafka_offset from raw.transactions_stream order by 1"
    )
    assert [ingest_id for ingest_id, _, _ in rows] == list(range(1, 201))
    for partition in range(3):
        offsets = [offset for _, number, offset in rows if number == partition]
        assert offsets == sorted(offsets)


def test_each_order_has_its_decision(
    stream_settings: Settings, publish: Publish, ledger: Ledger
) -> None:
    suspicious = {
        "amount": 5_000.0,
        "items": [{"product_id": "p", "quantity": 400, "unit_price": 12.5}],
        "shipping": {"country": "US"},
        "is_guest": True,
        "is_vpn": True,
        "failed_login_attempts": 5,
    }
    publish([(0, order(1)), (0, order(2, **suspicious))])
    assert until_caught_up(stream_settings).flagged == 1
    (honest, flagged) = ledger.rows(
        "select transaction_id, outcome, reasons, score "
        "from raw.transactions_stream join raw.transaction_decisions "
        "using (ingest_id, transaction_id) order by ingest_id"
    )
    assert honest[:2] == ("t-1", "approve")
    assert flagged[1] in {"review", "decline"}
    assert sum(reason["contribution"] for reason in flagged[2]) == pytest.approx(flagged[3])


def test_what_is_recorded_for_the_case_that_somebody_looks_is_json(
    stream_settings: Settings, publish: Publish, ledger: Ledger
) -> None:
    """Postgres does not see to it: the columns are text."""
    publish([(0, order(n, customer_id="c")) for n in range(3)])
    until_caught_up(stream_settings)
    found = ledger.rows(
        "select factors, features, not_evaluable from raw.transaction_decisions order by ingest_id"
    )
    decided = [tuple(map(json.loads, texts)) for texts in found]
    assert [set(factors) for factors, _, _ in decided] == [set(FACTORS)] * 3
    assert [features.get("customer_orders_1h", 0) for _, features, _ in decided] == [0, 1, 2]
    assert all("velocity.card_orders_hour" in rules for _, _, rules in decided)


@pytest.mark.parametrize(
    "text",
    [
        "tab\tnewline\nreturn\rbackslash\\N \\. \\x41",
        "'; drop table raw.transactions_stream; --",
        "{{ 7 * 7 }} =HYPERLINK() <script> %s %(x)s $1",
        "Зоя 😀 \u202e ﷽",
    ],
)
def test_any_text_lands_byte_for_byte(
    stream_settings: Settings, publish: Publish, ledger: Ledger, text: str
) -> None:
    value = order(1, customer_name=text).replace(b", ", b" ,\r\n\t")
    publish([(0, value)])
    until_caught_up(stream_settings)
    assert ledger.rows("select payload from raw.transactions_stream") == [(value.decode(),)]


def test_whatever_lands_can_be_cast_to_jsonb(
    stream_settings: Settings, publish: Publish, ledger: Ledger
) -> None:
    literals = [b"1e400", b"1e200000", b'"\\u0000"', b'"\\ud800"', b"[" * 200 + b"]" * 200, b"0"]
    publish((0, order(n)[:-1] + b', "x": ' + value + b"}") for n, value in enumerate(literals))
    assert counts(until_caught_up(stream_settings)) == (2, 0, 4)
    assert ledger.value("select count(payload::jsonb) from raw.transactions_stream") == 2


def test_a_dead_letter_keeps_bytes_coordinates_and_reason(
    stream_settings: Settings, publish: Publish, ledger: Ledger
) -> None:
    value = b"\x00not\\json\n\t\xff"
    publish([(2, order(1)), (2, value)])
    until_caught_up(stream_settings)
    columns = "kafka_partition, kafka_offset, reason, key, value, value_length, value_sha256"
    ((*coordinates, key, kept, length, digest),) = ledger.rows(
        f"select {columns} from raw.dead_letters"
    )
    assert coordinates == [2, 1, "not_json"]
    assert (bytes(key), bytes(kept), length) == (b"key", value, len(value))
    assert digest == hashlib.sha256(value).hexdigest()


def test_a_value_over_the_limit_is_kept_up_to_the_limit(
    stream_settings: Settings, publish: Publish, ledger: Ledger
) -> None:
    limit = 2_000
    publish([(0, order(1).ljust(limit)), (0, order(2).ljust(limit + 1))])
    until_caught_up(stream_settings.model_copy(update={"max_message_bytes": limit}))
    assert ledger.landed() == 1
    assert ledger.rows(
        "select reason, value_length, octet_length(value) from raw.dead_letters"
    ) == [("too_large", limit + 1, limit)]


def test_the_same_order_sent_again_is_a_duplicate_in_the_batch_and_ever_after(
    stream_settings: Settings, publish: Publish, ledger: Ledger
) -> None:
    publish([(0, order(1)), (0, order(1)), (3, order(1))])
    assert counts(until_caught_up(stream_settings)) == (1, 2, 0)
    publish([(0, order(1))])
    assert counts(until_caught_up(stream_settings)) == (0, 1, 0)
    assert ledger.landed() == 1


def test_other_content_under_the_same_id_never_overwrites(
    stream_settings: Settings, publish: Publish, ledger: Ledger
) -> None:
    publish([(0, order(1))])
    until_caught_up(stream_settings)
    publish([(0, order(1, amount=99.0))])
    assert counts(until_caught_up(stream_settings)) == (0, 0, 1)
    assert ledger.rows("select reason, detail from raw.dead_letters") == [
        ("id_conflict", "transaction_id: landed before with other content in amount")
    ]
    assert ledger.rows("select payload from raw.transactions_stream") == [(order(1).decode(),)]


def test_duplicates_and_dead_letters_leave_no_trace_in_scoring(
    stream_settings: Settings, publish: Publish, ledger: Ledger
) -> None:
    same: dict[str, Any] = {"customer_id": "c", "amount": 10.0}
    noise = [(0, order(1, **same))] * 5 + [(0, order(1, **same, merchant_id="x"))] * 5
    publish([(0, order(1, **same)), *noise, (0, order(2, **same))])
    until_caught_up(stream_settings)
    assert ledger.decisions()["t-2"][-1].count('"customer_orders_1h": 1') == 1


def test_nothing_to_do_is_nothing_done(stream_settings: Settings, publish: Publish) -> None:
    assert counts(until_caught_up(stream_settings)) == (0, 0, 0)
    publish([(0, order(1))])
    until_caught_up(stream_settings)
    assert counts(until_caught_up(stream_settings)) == (0, 0, 0)


def test_not_catching_up_in_time_names_the_partitions_that_are_behind(
    stream_settings: Settings, publish: Publish
) -> None:
    publish([(4, order(1)), (4, order(2))])
    holder = Database(stream_settings, "another", lambda: False)
    assert holder.run(lambda cursor: take(cursor, "another", 60))
    with pytest.raises(StreamError, match=f"2 in {stream_settings.kafka_topic_transactions}/4"):
        until_caught_up(stream_settings, timeout_seconds=1)
    holder.close()


def test_catching_up_beside_a_running_consumer_waits_for_it(
    stream_settings: Settings, publish: Publish, ledger: Ledger, start_consumer: StartConsumer
) -> None:
    start_consumer(stream_settings)
    eventually("it scores", lambda: ledger.holder() != "")
    sent = publish((n % 6, order(n)) for n in range(5_000))
    until_caught_up(stream_settings)
    assert ledger.landed() == sent
    assert ledger.value("select epoch from raw.scorer_lease") == 1


def test_what_transactions_leave_in_the_log_does_not_keep_it_from_catching_up(
    stream_settings: Settings, ledger: Ledger
) -> None:
    topic = stream_settings.kafka_topic_transactions
    producer = Producer(
        {"bootstrap.servers": stream_settings.bootstrap_servers(), "transactional.id": topic}
    )
    producer.init_transactions()
    for number, end in enumerate(
        (producer.commit_transaction, producer.abort_transaction, producer.commit_transaction)
    ):
        producer.begin_transaction()
        producer.produce(topic, order(number), partition=0)
        producer.flush()
        end()
    assert until_caught_up(stream_settings, timeout_seconds=30).landed == 2
    assert ledger.rows("select transaction_id from raw.transactions_stream order by 1") == [
        ("t-0",),
        ("t-2",),
    ]
    offsets = "select next_offset, skipped from raw.stream_offsets where kafka_partition = 0"
    assert ledger.rows(f"{offsets} and topic = '{topic}'") == [(6, 4)]
    whole, checked = accounts_since(stream_settings, None)
    assert require_complete(whole).orders == 2

    producer.begin_transaction()
    producer.produce(topic, order(3), partition=0)
    producer.commit_transaction()
    assert until_caught_up(stream_settings, timeout_seconds=30).landed == 1
    since, _ = accounts_since(stream_settings, checked)
    assert require_complete(since).orders == 1
    assert sum(account.consumed for account in since) == 1


def test_a_batch_of_large_messages_is_cut_by_its_bytes(
    stream_settings: Settings, publish: Publish, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "BATCH_BYTES", 100_000)
    publish((0, order(n).ljust(20_000)) for n in range(50))
    assert until_caught_up(stream_settings).landed == 50
    largest = ledger.value(
        "select max(size) from (select sum(octet_length(payload)) as size "
        "from raw.transactions_stream join raw.transaction_decisions using (ingest_id) "
        "group by decided_at) as batches"
    )
    assert largest <= 100_000 + 20_000
