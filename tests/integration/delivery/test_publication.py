"""What has landed is sent: never left out, told apart when repeated, in order for each customer."""

import json
import random
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import jsonschema
import pytest
from confluent_kafka import KafkaException, Message
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import (  # public in .admin, which hides them from types
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
)
from confluent_kafka.admin._resource import ResourceType
from delivery_support import (
    PATIENCE_SECONDS,
    REASON,
    arrived,
    customer,
    event_id,
    headers,
    land_dead,
    land_flagged,
    position,
)
from landing_support import Ledger, environment, eventually
from structlog.testing import capture_logs

from fraud_core.settings import REPOSITORY, Settings
from fraud_local.commands.schemas import alert_schema_file
from fraud_local.topics import make_topics
from fraud_stream.consumer.log import GONE
from fraud_stream.delivery.publication import Publication

pytestmark = pytest.mark.integration

FLAGGED = "transactions_flagged"
DEAD = "transactions_dead_letter"


@contextmanager
def publication(settings: Settings) -> Generator[Publication]:
    with Publication(settings, lambda _channel, _count: None) as running:
        yield running


def publish_all(settings: Settings) -> None:
    with publication(settings) as running:
        assert running.drain(PATIENCE_SECONDS)


SetLimit = Callable[..., None]


@pytest.fixture
def set_limit(stream_settings: Settings) -> SetLimit:
    """Say how many bytes a batch of a topic may have, and wait until that counts."""
    admin = AdminClient({"bootstrap.servers": stream_settings.bootstrap_servers()})

    def limit(topic: str, most: int, name: str = "max.message.bytes") -> None:
        entry = ConfigEntry(name, str(most), incremental_operation=AlterConfigOpType.SET)
        changed = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
        asked = ConfigResource(ResourceType.TOPIC, topic)

        def counts() -> bool:
            try:
                admin.incremental_alter_configs([changed])[changed].result()
                found: Mapping[str, ConfigEntry] = admin.describe_configs([asked])[asked].result()
            except KafkaException as error:  # a topic just made is not known at once
                if error.args[0].code() not in GONE:
                    raise
                return False
            return found[name].value == str(most)

        eventually(f"{topic} takes {most} bytes", counts)

    return limit


def noise(size: int) -> bytes:
    """Bytes that do not get fewer by compression."""
    return random.Random(size).randbytes(size)


def words(size: int) -> str:
    return noise(size // 2).hex()


def ingest_ids(messages: Iterable[Message]) -> list[int]:
    return [json.loads(message.value() or b"")["ingest_id"] for message in messages]


def test_an_alert_holds_the_decision_under_the_customers_key(stream_settings: Settings) -> None:
    hit = {"list": "watch", "kind": "email", "value": "a@b.example", "reason": "seen before"}
    land_flagged(stream_settings, [5], outcome="decline", score=0.93, lists=[hit])
    publish_all(stream_settings)
    (message,) = arrived(stream_settings, stream_settings.kafka_topic_flagged, 1)
    alert = json.loads(message.value() or b"")
    jsonschema.validate(alert, json.loads(alert_schema_file(REPOSITORY).read_text()))
    assert message.key() == b"c-5"
    assert headers(message) == {"event_id": "orders/2/5"}
    assert alert["event_id"] == "orders/2/5"
    assert (alert["transaction_id"], alert["outcome"], alert["score"]) == ("t-5", "decline", 0.93)
    assert alert["reasons"] == [REASON]
    assert alert["factors"] == {"amount": 0.7, "velocity": None}


def test_an_alert_names_the_list_that_was_met_and_not_the_address_on_it(
    stream_settings: Settings,
) -> None:
    hit = {"list": "watch", "kind": "email", "value": "a@b.example", "reason": "seen before"}
    land_flagged(stream_settings, [1], lists=[hit])
    publish_all(stream_settings)
    (message,) = arrived(stream_settings, stream_settings.kafka_topic_flagged, 1)
    alert = json.loads(message.value() or b"")
    assert alert["lists"] == [
        {"list": "watch", "kind": "email", "reason": "seen before", "absolute": False}
    ]


def test_a_dead_letter_is_sent_with_its_bytes_and_where_it_came_from(
    stream_settings: Settings,
) -> None:
    land_dead(stream_settings, b"\xff{broken", kafka_offset=41)
    publish_all(stream_settings)
    (message,) = arrived(stream_settings, stream_settings.kafka_topic_dead_letter, 1)
    said = headers(message)
    assert (message.key(), message.value()) == (b"c-1", b"\xff{broken")
    assert said["event_id"] == f"{stream_settings.kafka_topic_transactions}/0/41"
    assert (said["reason"], said["detail"], said["offset"]) == ("not_json", "malformed", "41")
    assert said["value_is"] == "original"


def test_a_dead_letter_that_is_too_large_is_sent_without_its_value(
    stream_settings: Settings,
) -> None:
    land_dead(stream_settings, noise(2_000_000))
    land_dead(stream_settings, b"small")
    publish_all(stream_settings)
    messages = arrived(stream_settings, stream_settings.kafka_topic_dead_letter, 2)
    found = {headers(message)["value_is"]: message for message in messages}
    assert found["absent"].value() is None
    assert headers(found["absent"])["value_length"] == "2000000"
    assert found["original"].value() == b"small"


def test_a_dead_letter_larger_than_a_segment_of_its_topic_holds_up_no_others(
    stream_settings: Settings, set_limit: SetLimit
) -> None:
    topic = stream_settings.kafka_topic_dead_letter
    set_limit(topic, 3_000_000)
    set_limit(topic, 1_048_576, name="segment.bytes")
    land_dead(stream_settings, noise(2_000_000))
    land_dead(stream_settings, b"small")
    publish_all(stream_settings)
    kinds = [headers(message)["value_is"] for message in arrived(stream_settings, topic, 2)]
    assert sorted(kinds) == ["absent", "original"]


def test_a_dead_letter_that_its_topic_takes_is_sent_whole(stream_settings: Settings) -> None:
    whole = noise(1_000_000)  # what is kept of a larger one, and more than fits once it is wrapped
    land_dead(stream_settings, whole)
    publish_all(stream_settings)
    (message,) = arrived(stream_settings, stream_settings.kafka_topic_dead_letter, 1)
    assert (headers(message)["value_is"], message.value()) == ("original", whole)


def test_a_dead_letter_that_is_too_large_does_not_cost_the_others_their_values(
    stream_settings: Settings, set_limit: SetLimit
) -> None:
    set_limit(stream_settings.kafka_topic_dead_letter, 20_000)
    sizes = [100, 6_000, 50_000, 6_000, 6_000, 6_000, 100]
    for size in sizes:
        land_dead(stream_settings, noise(size))
    publish_all(stream_settings)
    found = arrived(stream_settings, stream_settings.kafka_topic_dead_letter, len(sizes))
    lengths = Counter(len(message.value() or b"") for message in found)
    assert lengths == Counter([0 if size == 50_000 else size for size in sizes])


def test_alerts_that_are_too_large_only_together_all_arrive_in_order(
    stream_settings: Settings, set_limit: SetLimit
) -> None:
    set_limit(stream_settings.kafka_topic_flagged, 5_000)
    ids = range(7, 50, 7)  # of one customer
    for number in ids:
        reason = REASON | {"sentence": words(2_000 + number)}
        land_flagged(stream_settings, [number], reasons=[reason])
    publish_all(stream_settings)
    found = arrived(stream_settings, stream_settings.kafka_topic_flagged, len(ids))
    assert ingest_ids(found) == list(ids)


def test_an_alert_that_is_too_large_waits_for_its_topic_and_is_never_sent_empty(
    stream_settings: Settings, set_limit: SetLimit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fraud_stream.delivery.publication.TROUBLE_SECONDS", 0.1)
    topic = stream_settings.kafka_topic_flagged
    set_limit(topic, 5_000)
    land_flagged(stream_settings, [1, 2])
    land_flagged(stream_settings, [3], reasons=[REASON | {"sentence": words(20_000)}])
    with capture_logs() as logs, publication(stream_settings):
        eventually("it is told of twice", lambda: len(complaints(logs)) > 1)
    assert topic in complaints(logs)[0]
    assert "max.message.bytes" in complaints(logs)[0]
    assert position(stream_settings, FLAGGED) == 0
    assert sorted(ingest_ids(arrived(stream_settings, topic, 2))) == [1, 2]
    set_limit(topic, 100_000)
    publish_all(stream_settings)
    assert set(ingest_ids(arrived(stream_settings, topic, 3))) == {1, 2, 3}


def complaints(logs: Sequence[Mapping[str, Any]]) -> list[str]:
    return [line["error"] for line in logs if line["event"] == "not published"]


def test_alerts_of_a_customer_arrive_in_the_order_of_landing(stream_settings: Settings) -> None:
    for first in range(1, 2_001, 400):
        land_flagged(stream_settings, range(first, first + 400))
    publish_all(stream_settings)
    messages = arrived(stream_settings, stream_settings.kafka_topic_flagged, 2_000)
    of_customer: dict[bytes | None, list[int]] = defaultdict(list)
    for message, ingest_id in zip(messages, ingest_ids(messages), strict=True):
        of_customer[message.key()].append(ingest_id)
    assert sorted(ingest_ids(messages)) == list(range(1, 2_001))
    assert set(of_customer) == {customer(number).encode() for number in range(7)}
    assert all(found == sorted(found) for found in of_customer.values())


def test_what_lands_while_it_runs_is_sent_too(stream_settings: Settings) -> None:
    with publication(stream_settings) as running:
        land_flagged(stream_settings, [1])
        running.wake()
        assert ingest_ids(arrived(stream_settings, stream_settings.kafka_topic_flagged, 1)) == [1]
        land_flagged(stream_settings, [2])  # nobody says so
        eventually("the position has moved", lambda: position(stream_settings, FLAGGED) == 2)


KILLED_BEFORE_THE_POSITION_MOVES = """
import os, signal, time
from fraud_core.settings import load_settings
from fraud_stream.delivery import publication

moved = publication.move
def move(cursor, channel, before, after):
    if after > 500:
        os.kill(os.getpid(), signal.SIGKILL)
    return moved(cursor, channel, before, after)

publication.move = move
with publication.Publication(load_settings(), lambda channel, count: None):
    time.sleep(300)
"""


def test_a_kill_before_the_position_moves_repeats_alerts_and_leaves_none_out(
    stream_settings: Settings,
) -> None:
    land_flagged(stream_settings, range(1, 1_201))
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_BEFORE_THE_POSITION_MOVES],
        env=environment(stream_settings),
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    assert killed.returncode == -signal.SIGKILL
    assert position(stream_settings, FLAGGED) == 500
    publish_all(stream_settings)
    messages = arrived(stream_settings, stream_settings.kafka_topic_flagged, 1_700)
    times = Counter(map(event_id, messages))
    once = {f"orders/{number % 3}/{number}" for number in [*range(1, 501), *range(1_001, 1_201)]}
    assert len(times) == 1_200
    assert {name for name, count in times.items() if count == 1} == once
    assert set(times.values()) == {1, 2}


def test_whoever_drops_repetitions_sees_each_customers_alerts_in_order(
    stream_settings: Settings,
) -> None:
    land_flagged(stream_settings, range(1, 1_201))
    subprocess.run(
        [sys.executable, "-c", KILLED_BEFORE_THE_POSITION_MOVES],
        env=environment(stream_settings),
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    publish_all(stream_settings)
    messages = arrived(stream_settings, stream_settings.kafka_topic_flagged, 1_700)
    firsts: dict[str, tuple[bytes | None, int]] = {}
    for message, ingest_id in zip(messages, ingest_ids(messages), strict=True):
        firsts.setdefault(event_id(message), (message.key(), ingest_id))
    of_customer: dict[bytes | None, list[int]] = defaultdict(list)
    for key, ingest_id in firsts.values():
        of_customer[key].append(ingest_id)
    assert len(firsts) == 1_200
    assert all(found == sorted(found) for found in of_customer.values())


def test_two_at_once_leave_nothing_out_and_do_not_move_the_position_back(
    stream_settings: Settings,
) -> None:
    land_flagged(stream_settings, range(1, 2_001))
    with publication(stream_settings) as one, publication(stream_settings) as other:
        assert one.drain(PATIENCE_SECONDS)
        assert other.drain(PATIENCE_SECONDS)
    messages = arrived(stream_settings, stream_settings.kafka_topic_flagged, 2_000)
    assert len(set(map(event_id, messages))) == 2_000
    assert position(stream_settings, FLAGGED) == 2_000


def test_an_order_that_retention_took_does_not_hold_up_the_others(
    stream_settings: Settings,
) -> None:
    land_flagged(stream_settings, [1, 2, 3])
    Ledger(stream_settings).rows(
        "delete from raw.transactions_stream where ingest_id = 2 returning 1"
    )
    publish_all(stream_settings)
    messages = arrived(stream_settings, stream_settings.kafka_topic_flagged, 2)
    assert sorted(ingest_ids(messages)) == [1, 3]
    assert position(stream_settings, FLAGGED) == 3


@pytest.mark.parametrize("channel", [FLAGGED, DEAD])
def test_a_missing_topic_holds_up_nothing_of_the_other(
    stream_settings: Settings, nowhere_to_publish: Settings, channel: str
) -> None:
    """Nobody may make it: a broker of others, or no right to write to it."""
    names = {FLAGGED: "kafka_topic_flagged", DEAD: "kafka_topic_dead_letter"}
    missing = {names[channel]: getattr(nowhere_to_publish, names[channel])}
    other = DEAD if channel == FLAGGED else FLAGGED
    with publication(stream_settings.model_copy(update=missing)) as running:
        for number in (1, 2):
            land_flagged(stream_settings, [number])
            last = land_dead(stream_settings, b"bad", kafka_offset=number)
            running.wake()
            sent = {FLAGGED: number, DEAD: last}[other]
            eventually("the other is sent", lambda n=sent: position(stream_settings, other) == n)
        assert position(stream_settings, channel) == 0


def test_a_missing_topic_makes_alerts_late_and_does_not_hold_up_dead_letters_for_good(
    nowhere_to_publish: Settings,
) -> None:
    """The broker makes no topics by itself."""
    land_flagged(nowhere_to_publish, [1])
    with publication(nowhere_to_publish) as running:
        assert not running.drain(2)
        assert position(nowhere_to_publish, FLAGGED) == 0
        topics = [
            nowhere_to_publish.kafka_topic_flagged,
            nowhere_to_publish.kafka_topic_dead_letter,
        ]
        make_topics(nowhere_to_publish.bootstrap_servers(), topics, 1)
        land_dead(nowhere_to_publish, b"bad")
        assert running.drain(PATIENCE_SECONDS)
    assert ingest_ids(arrived(nowhere_to_publish, topics[0], 1)) == [1]
    assert len(arrived(nowhere_to_publish, topics[1], 1)) == 1


def test_a_broker_that_is_away_makes_alerts_late_and_loses_none(
    stream_settings: Settings,
) -> None:
    land_flagged(stream_settings, range(1, 101))
    host, port = stream_settings.bootstrap_servers().split(":")
    with socket.socket() as gate:
        gate.bind(("127.0.0.1", 0))  # nobody listens yet
        door = f"127.0.0.1:{gate.getsockname()[1]}"
        away = stream_settings.model_copy(update={"kafka_bootstrap_servers": door})
        with publication(away) as running:
            assert not running.drain(2)
            assert position(stream_settings, FLAGGED) == 0
            gate.listen()
            threading.Thread(target=forward, args=(gate, (host, int(port))), daemon=True).start()
            assert running.drain(PATIENCE_SECONDS)
    messages = arrived(stream_settings, stream_settings.kafka_topic_flagged, 100)
    assert sorted(ingest_ids(messages)) == list(range(1, 101))


def test_the_end_does_not_wait_for_a_broker_that_is_away(stream_settings: Settings) -> None:
    land_flagged(stream_settings, [1])
    away = stream_settings.model_copy(update={"kafka_bootstrap_servers": "127.0.0.1:1"})
    with publication(away) as running:
        assert not running.drain(1)
    assert position(stream_settings, FLAGGED) == 0


def forward(gate: socket.socket, target: tuple[str, int]) -> None:
    """Pass on what comes to the gate; the broker then names its own address."""

    def copy(source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65_536):
                sink.sendall(data)
        except OSError:
            pass
        finally:
            sink.close()

    while True:
        try:
            caller, _ = gate.accept()
        except OSError:
            return
        broker = socket.create_connection(target)
        for pair in ((caller, broker), (broker, caller)):
            threading.Thread(target=copy, args=pair, daemon=True).start()
