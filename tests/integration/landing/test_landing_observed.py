"""What a consumer tells of itself agrees with the ledger, and holds nobody's personal data."""

import json
import signal
import socket
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from delivery_support import arrived, event_id
from free_ports import free_port
from landing_support import (
    ConsumerProcess,
    Ledger,
    Publish,
    StartConsumer,
    environment,
    eventually,
    order,
)
from prometheus_client.parser import text_string_to_metric_families
from typer.testing import CliRunner

from fraud_core.settings import Settings
from fraud_local.cli import app
from fraud_local.rules_in_force import RulesInForce, rules_in_force
from fraud_stream.consumer.rule_files import RuleFiles
from fraud_stream.consumer.service import consume
from fraud_stream.scoring.scorer import RuleScorer

pytestmark = pytest.mark.integration

Samples = dict[tuple[str, str], float]
"""By name and the value of the one label, if there is one."""


@pytest.fixture
def watched(stream_settings: Settings) -> Settings:
    """Settings of a consumer that answers monitors."""
    return stream_settings.model_copy(
        update={"metrics_port": free_port(), "consumer_batch_rows": 50, "log_format": "json"}
    )


def url(settings: Settings, path: str = "/metrics") -> str:
    return f"http://127.0.0.1:{settings.metrics_port}{path}"


def asked(settings: Settings, path: str) -> tuple[int, str]:
    """Status and body; status 0 while nobody listens."""
    try:
        with urllib.request.urlopen(url(settings, path), timeout=30) as answer:  # noqa: S310 - ours
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


def samples(settings: Settings) -> Samples:
    status, text = asked(settings, "/metrics")
    assert status == 200
    return {
        (sample.name, next(iter(sample.labels.values()), "")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def flagged_order(number: int, **changes: object) -> bytes:
    """Guest, behind a VPN, from elsewhere, to elsewhere, at once."""
    return order(
        number,
        **{
            "amount": 9_000.0,
            "is_vpn": True,
            "is_guest": True,
            "card_country": "US",
            "ip_country": "NG",
            "shipping": {"country": "RU"},
            "billing": {"country": "US"},
            "customer_id": "c-bad",
            "card_fingerprint": "f-bad",
            "device_id": "d-bad",
            **changes,
        },
    )


def mixed(count: int) -> list[tuple[int, bytes | None]]:
    """Orders, flagged ones, duplicates, conflicts and garbage, over two partitions."""
    messages: list[tuple[int, bytes | None]] = []
    for number in range(count):
        messages.append((number % 2, order(number)))
        if not number % 10:
            messages.append((0, flagged_order(10_000 + number)))
            messages.append((number % 2, order(number)))
            messages.append((number % 2, order(number, amount=9.0)))
            messages.append((1, b"{broken"))
            messages.append((1, None))
    return messages


def count(ledger: Ledger, table: str, condition: str = "true") -> int:
    return ledger.value(f"select count(*) from raw.{table} where {condition}")


def test_the_metrics_add_up_with_the_ledger(
    watched: Settings, publish: Publish, ledger: Ledger, start_consumer: StartConsumer
) -> None:
    sent = publish(mixed(300))
    start_consumer(watched)
    eventually("all is accounted for", lambda: len(ledger.coordinates()) == sent)
    eventually(
        "the last batch is counted",
        lambda: samples(watched)[("fraud_messages_consumed_total", "")] == sent,
    )
    found = samples(watched)
    for outcome in ("approve", "review", "decline"):
        there = count(ledger, "transaction_decisions", f"outcome = '{outcome}'")
        assert found.get(("fraud_orders_landed_total", outcome), 0) == there
    assert count(ledger, "flagged_outbox") > 0
    duplicates = count(ledger, "duplicate_transactions")
    assert found["fraud_duplicates_total", ""] == duplicates > 0
    for reason, there in ledger.rows("select reason, count(*) from raw.dead_letters group by 1"):
        assert found["fraud_dead_letters_total", reason] == there
    assert found["fraud_stream_lag_messages", ""] == 0
    assert found["fraud_lease_held", ""] == 1
    assert found["fraud_batch_messages_sum", ""] == sent
    assert found["fraud_commit_seconds_count", ""] == found["fraud_batch_messages_count", ""]
    assert found["fraud_dead_letters_open", ""] == count(ledger, "dead_letters")


def test_every_flagged_order_and_dead_letter_is_sent_on(
    watched: Settings, publish: Publish, ledger: Ledger, start_consumer: StartConsumer
) -> None:
    sent = publish(mixed(100))
    start_consumer(watched)
    eventually("all is accounted for", lambda: len(ledger.coordinates()) == sent)
    flagged = ledger.rows(
        "select concat_ws('/', topic, kafka_partition, kafka_offset) "
        "from raw.transactions_stream join raw.transaction_decisions using (ingest_id) "
        "where outcome <> 'approve'"
    )
    alerts = arrived(watched, watched.kafka_topic_flagged, len(flagged))
    assert sorted(map(event_id, alerts)) == sorted(place for (place,) in flagged)
    dead = count(ledger, "dead_letters")
    assert len(arrived(watched, watched.kafka_topic_dead_letter, dead)) == dead > 0


def test_orders_land_although_there_is_nowhere_to_send_alerts(
    nowhere_to_publish: Settings, publish: Publish, ledger: Ledger, start_consumer: StartConsumer
) -> None:
    sent = publish(mixed(100))
    start_consumer(nowhere_to_publish)
    eventually("all is accounted for", lambda: len(ledger.coordinates()) == sent)
    assert ledger.rows("select * from raw.publication_positions") == []


def test_the_active_one_and_its_stand_by_are_ready(
    watched: Settings, start_consumer: StartConsumer
) -> None:
    other = watched.model_copy(update={"metrics_port": free_port()})
    start_consumer(watched)
    eventually("it is ready", lambda: asked(watched, "/readyz")[0] == 200)
    start_consumer(other)
    eventually("the stand-by is ready", lambda: asked(other, "/readyz")[0] == 200)
    phases = [json.loads(asked(one, "/readyz")[1])["phase"] for one in (watched, other)]
    assert phases == ["active", "standing by"]
    assert samples(watched)["fraud_stand_bys", ""] == 1
    assert samples(other)["fraud_lease_held", ""] == 0


def test_rules_that_are_refused_show_without_an_order(
    watched: Settings, tmp_path: Path, start_consumer: StartConsumer
) -> None:
    path = tmp_path / "rules.yml"
    good = watched.rules_path.read_text(encoding="utf-8")
    path.write_text(good, encoding="utf-8")
    start_consumer(watched.model_copy(update={"rules_file": path}))
    eventually("it is ready", lambda: asked(watched, "/readyz")[0] == 200)
    eventually("it scores", lambda: samples(watched)["fraud_lease_held", ""] == 1)
    assert rules_in_force(url(watched)) == RulesInForce("starter-5", "lists-1", refused=False)
    path.write_text(f"{good}no_such_key: 1\n", encoding="utf-8")
    eventually("it is told", lambda: samples(watched)["fraud_rules_refused", ""] == 1)
    assert rules_in_force(url(watched)) == RulesInForce("starter-5", "lists-1", refused=True)
    path.write_text(good, encoding="utf-8")
    eventually("it is over", lambda: samples(watched)["fraud_rules_refused", ""] == 0)


def test_a_consumer_that_reads_back_its_state_is_not_ready(
    watched: Settings, publish: Publish, ledger: Ledger
) -> None:
    """Whoever replaces one consumer after the other waits for this before the next one."""
    answers: list[tuple[int, str]] = []

    class Asking(RuleFiles):
        def make(self) -> RuleScorer:
            answers.append(asked(watched, "/readyz"))
            return super().make()

    stop = threading.Event()
    thread = threading.Thread(target=consume, args=(watched, stop, Asking.of(watched)))
    thread.start()
    publish([(0, order(1))])
    eventually("it landed", lambda: ledger.landed() == 1)
    stop.set()
    thread.join()
    code, text = answers[0]
    assert (code, json.loads(text)["phase"]) == (503, "restoring")


def test_a_consumer_that_waits_for_postgres_is_healthy_and_not_ready(
    watched: Settings, start_consumer: StartConsumer
) -> None:
    nowhere = watched.model_copy(update={"postgres_port": free_port()})
    process = start_consumer(nowhere)
    eventually("it answers", lambda: asked(nowhere, "/healthz")[0] == 200)
    eventually("it waits", lambda: process.said("waiting"))
    assert asked(nowhere, "/healthz")[0] == 200
    status, body = asked(nowhere, "/readyz")
    assert (status, json.loads(body)["postgres"], json.loads(body)["kafka"]) == (503, False, True)
    assert samples(nowhere)["fraud_postgres_up", ""] == 0


def test_a_consumer_whose_port_is_taken_lands_all_the_same(
    watched: Settings, publish: Publish, ledger: Ledger, start_consumer: StartConsumer
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", watched.metrics_port))
        other.listen()
        sent = publish((0, order(number)) for number in range(10))
        process = start_consumer(watched)
        eventually("all has landed", lambda: ledger.landed() == sent)
        assert process.said("no metrics: cannot listen")


CANARIES = {
    "customer_email": "canary.mail@person.example",
    "customer_phone": "+4915700000017",
    "customer_name": "Canary Wharfinger",
    "ip_address": "203.0.113.77",
    "referrer_url": "https://canary.example/?who=wharfinger",
    "card_fingerprint": "canary-fingerprint",
    "device_id": "canary-device",
    "voucher_code": "CANARY-VOUCHER",
}
ADDRESS = {"country": "DE", "city": "Canaryville", "postal_code": "C4N4RY"}


def with_canaries() -> list[tuple[int, bytes | None]]:
    """Good, flagged, doubled, conflicting, and bad in many ways; each holds all canaries."""
    personal = {**CANARIES, "shipping": ADDRESS, "billing": ADDRESS}
    good = order(1, **personal)
    bad: list[dict[str, object]] = [
        {"currency": "Canaryville"},
        {"amount": "Canary Wharfinger"},
        {"event_time": "canary.mail@person.example"},
        {"customer_country": "Canaryville"},
        {"transaction_type": "Canary Wharfinger"},
        {"schema_version": 99},
        {"items": "CANARY-VOUCHER"},
        {"card_bin": "canary-device"},
        {"transaction_id": None},
        {"merchant_id": "Canary Wharfinger \u0000"},
    ]
    values = [
        good,
        good,
        order(1, **{**personal, "customer_name": "Canary Otherfinger"}),
        *(flagged_order(100 + n, **personal) for n in range(10)),
        *(order(200 + n, **{**personal, **fault}) for n, fault in enumerate(bad)),
        good[:-20],
        good + good,
        b"\xff" + good,
        good.decode().encode("utf-16"),
    ]
    return [(0, value) for value in values]


def test_logs_and_metrics_hold_no_personal_data(
    watched: Settings,
    publish: Publish,
    ledger: Ledger,
    start_consumer: StartConsumer,
    tmp_path: Path,
) -> None:
    settings = watched.model_copy(update={"log_level": "DEBUG"})
    sent = publish(with_canaries())
    process = start_consumer(settings)
    eventually("all is accounted for", lambda: len(ledger.coordinates()) == sent)
    eventually(
        "the last batch is counted",
        lambda: samples(settings)[("fraud_messages_consumed_total", "")] == sent,
    )
    assert count(ledger, "flagged_outbox") > 0
    assert count(ledger, "dead_letters") > 10
    told = asked(settings, "/metrics")[1] + asked(settings, "/readyz")[1]
    stop(process)
    (log,) = tmp_path.glob("consumer-*.log")
    told += log.read_text()
    canaries = [*CANARIES.values(), *ADDRESS.values(), "Otherfinger", "Canary", "canary"]
    canaries.remove("DE")
    assert [canary for canary in canaries if canary in told] == []


def test_each_line_of_the_log_is_json_and_dead_letters_come_with_coordinates(
    watched: Settings,
    publish: Publish,
    ledger: Ledger,
    start_consumer: StartConsumer,
    tmp_path: Path,
) -> None:
    publish([(0, order(1)), (1, b"{broken")])
    process = start_consumer(watched)
    eventually("both are accounted for", lambda: len(ledger.coordinates()) == 2)
    eventually("it says so", lambda: process.said("dead letters"))
    stop(process)
    (log,) = tmp_path.glob("consumer-*.log")
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert all({"event", "level", "timestamp", "component"} <= line.keys() for line in lines)
    (dead,) = [line for line in lines if line["event"] == "dead letters"]
    assert dead["reasons"] == {"not_json": 1}
    assert dead["first"] == f"{watched.kafka_topic_transactions}/1/0"


def test_a_requeued_message_lands_and_its_dead_letter_says_where_it_went(
    watched: Settings,
    publish: Publish,
    ledger: Ledger,
    start_consumer: StartConsumer,
    tmp_path: Path,
) -> None:
    publish([(0, order(1, currency="EURO"))])
    start_consumer(watched)
    eventually("it is a dead letter", lambda: count(ledger, "dead_letters") == 1)
    dead = ledger.value("select dead_letter_id from raw.dead_letters")
    (tmp_path / "mended.json").write_bytes(order(1))
    arguments = ["edit-and-requeue", str(dead), "--file", str(tmp_path / "mended.json")]
    result = CliRunner(env=environment(watched)).invoke(
        app, ["dead-letters", *arguments, "--why", "EURO is no currency"]
    )
    assert result.exception is None
    eventually("it has landed", lambda: ledger.landed() == 1)
    landed = ledger.value(
        "select concat_ws('/', topic, kafka_partition, kafka_offset) from raw.transactions_stream"
    )
    assert f"sent to {landed}" in result.output


def stop(process: ConsumerProcess) -> None:
    process.send(signal.SIGTERM)
    assert process.wait() == 0
