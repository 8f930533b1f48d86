"""Every class of bad input, through a real broker and the real consumer, ends as the table says."""

import hashlib
import json
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from bad_input import CARD, DUPLICATE, FULL_WIDTH, GAPS, LANDED, LIMIT, cases, order
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from landing_support import PATIENCE_SECONDS, Ledger, empty_tables, environment
from typer.testing import CliRunner

from fraud_core.settings import Settings
from fraud_local.cli import app
from fraud_stream.consumer.catch_up import CaughtUp, until_caught_up
from fraud_stream.consumer.rows import MAX_HEADERS

pytestmark = pytest.mark.integration

CASES = cases()
ROOM = 20_000_000
"""What the topic takes, so that a value of 10 MB gets as far as the consumer."""

WHERE = """
    select 'landed', null, null::bytea, null::int, null, null::jsonb
    from raw.transactions_stream where (topic, kafka_partition, kafka_offset) = %s
    union all
    select 'duplicate', null, null, null, null, null
    from raw.duplicate_transactions where (topic, kafka_partition, kafka_offset) = %s
    union all
    select reason, detail, value, value_length, value_sha256, headers
    from raw.dead_letters where (topic, kafka_partition, kafka_offset) = %s
"""


class Published(msgspec.Struct):
    """All cases, each followed by a good order in its partition, landed in one go."""

    settings: Settings
    done: CaughtUp
    offsets: dict[int, int]

    def fate(self, place: int) -> tuple[Any, ...]:
        """Where the case ended, and what a dead letter keeps; it must be in one table only."""
        at = (
            self.settings.kafka_topic_transactions,
            CASES[place].partition,
            self.offsets[place],
        )
        (found,) = Ledger(self.settings).rows(WHERE, at, at, at)
        return found


@pytest.fixture(scope="module")
def published(settings: Settings) -> Published:
    empty_tables(settings)
    topic = f"bad-{uuid4()}"
    admin = AdminClient({"bootstrap.servers": settings.bootstrap_servers()})
    config = {"max.message.bytes": str(ROOM)}
    admin.create_topics([NewTopic(topic, 6, 1, config=config)])[topic].result()
    own = settings.model_copy(
        update={
            "kafka_topic_transactions": topic,
            "kafka_topic_labels": f"{topic}-labels",
            "max_message_bytes": LIMIT,
        }
    )
    offsets = publish_all(own)
    return Published(own, until_caught_up(own), offsets)


def publish_all(settings: Settings) -> dict[int, int]:
    """The offset of each case in its partition."""
    producer = Producer(
        {
            "bootstrap.servers": settings.bootstrap_servers(),
            "enable.idempotence": True,
            "message.max.bytes": ROOM,
        }
    )
    topic, length = settings.kafka_topic_transactions, [0] * 6
    offsets: dict[int, int] = {}
    for place, case in enumerate(CASES):
        offsets[place] = length[case.partition]
        producer.produce(
            topic,
            case.value,
            case.own_key,
            partition=case.partition,
            headers=list(case.headers),
            timestamp=case.timestamp,
        )
        producer.produce(topic, order(f"after {place}"), b"c-1", partition=case.partition)
        length[case.partition] += 2
    assert not producer.flush(PATIENCE_SECONDS)
    return offsets


@pytest.mark.parametrize(
    "place", range(len(CASES)), ids=lambda place: f"{CASES[place].number} {CASES[place].name}"
)
def test_it_ends_as_the_table_says(published: Published, place: int) -> None:
    case = CASES[place]
    outcome, detail, value, length, digest, _headers = published.fate(place)
    assert outcome == case.outcome
    if outcome in {LANDED, DUPLICATE}:
        return
    assert case.names in detail
    assert not value or CARD.encode() not in bytes(value)
    if case.value is not None and case.outcome != "pan_detected":
        assert bytes(value) == case.value[:LIMIT]
        assert (length, digest) == (len(case.value), hashlib.sha256(case.value).hexdigest())


def test_the_stream_goes_on_after_each_of_them(published: Published) -> None:
    good = Ledger(published.settings).value(
        "select count(*) from raw.transactions_stream where transaction_id like 'after %%'"
    )
    assert good == len(CASES)


def test_every_message_is_accounted_for_once(published: Published) -> None:
    done = published.done
    assert done.landed + done.duplicates + done.dead == 2 * len(CASES)
    assert len(set(Ledger(published.settings).coordinates())) == 2 * len(CASES)


def test_what_landed_can_be_read_as_jsonb_by_every_model_after_it(published: Published) -> None:
    rows = Ledger(published.settings).rows(
        "select count(payload::jsonb), count((payload::jsonb ->> 'event_time')::timestamptz), "
        "count((payload::jsonb ->> 'amount')::numeric), count(*) from raw.transactions_stream"
    )
    assert set(rows[0]) == {published.done.landed}


def test_text_that_attacks_lands_as_the_text_that_it_is(published: Published) -> None:
    sent = {
        json.loads(case.value or b"")["customer_name"] for case in CASES if 54 <= case.number <= 59
    }
    kept = Ledger(published.settings).rows(
        "select payload::jsonb ->> 'customer_name' from raw.transactions_stream "
        "where payload::jsonb ? 'customer_name'"
    )
    assert sent <= {name for (name,) in kept}


@pytest.mark.parametrize("number", range(54, 60))
@pytest.mark.parametrize("options", [(), ("--json",)], ids=["table", "json"])
def test_the_command_line_runs_and_prints_nothing_of_it(
    published: Published, monkeypatch: pytest.MonkeyPatch, number: int, options: tuple[str, ...]
) -> None:
    for name, value in environment(published.settings).items():
        monkeypatch.setenv(name, value)
    shown = CliRunner().invoke(app, ["explain", f"b-{number}", *options])
    assert shown.exit_code == 0
    assert not [
        mark
        for mark in ("\x1b", "\x07", "=HYPER", "<script", "forged", "drop ")
        if mark in shown.output
    ]


def test_a_card_number_is_kept_nowhere(published: Published) -> None:
    escaped = ["".join(f"\\{byte:03o}" for byte in gap.encode()) for gap in GAPS.values()]
    written = [
        "".join(f"\\{byte:03o}" if byte > 0x7F else chr(byte) for byte in FULL_WIDTH.encode())
    ]
    forms = [CARD.replace(" ", gap) for gap in ("", " ", "-", *GAPS.values(), *escaped)]
    forms += [FULL_WIDTH, *written]
    kept = Ledger(published.settings).rows(
        "select concat_ws(' ', detail, headers::text, encode(key, 'escape'), "
        "encode(value, 'escape')) from raw.dead_letters "
        "union all select payload from raw.transactions_stream"
    )
    assert not [text for (text,) in kept if any(form in text for form in forms)]
    hashes = {
        hashlib.sha256(case.value or b"").hexdigest()
        for case in CASES
        if case.outcome == "pan_detected"
    }
    stored = Ledger(published.settings).rows("select value_sha256 from raw.dead_letters")
    assert not hashes & {digest for (digest,) in stored}


def test_of_many_headers_only_the_first_are_kept(published: Published) -> None:
    (place,) = (place for place, case in enumerate(CASES) if case.name == "1,000 headers, broken")
    headers = published.fate(place)[-1]
    assert len(headers) == MAX_HEADERS
    assert headers[0] == {"name": "h", "value": "\\x00\\xff\n"}


def test_both_forms_of_an_id_are_stored_and_decided_as_one(published: Published) -> None:
    rows = Ledger(published.settings).rows(
        "select transaction_id, customer_id from raw.transactions_stream "
        "where transaction_id like 'b-53%%'"
    )
    assert rows == [("b-53 Zo\u00e9", "Zo\u00e9")]


def test_the_table_has_every_class_but_the_one_that_ends_the_process() -> None:
    assert set(range(1, 91)) - {case.number for case in CASES} == {14}
