"""Replays: the same rules decide the same, other rules say what they would change."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from confluent_kafka import Consumer

from fraud_core.errors import ErasureError, NothingToDoError, ReplayError, UnknownCustomerError
from fraud_core.events import OrderEvent
from fraud_core.settings import Role, Settings
from fraud_local.erasure.run import erase_customer
from fraud_local.exports.day import export_day
from fraud_stream.consumer.rule_files import RuleFiles
from fraud_stream.replay import run
from fraud_stream.replay.request import Offsets, Request
from fraud_stream.replay.run import Rescoring, rescore, resend
from fraud_stream.scoring.rules.book import RuleBook

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

Ask = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def book(platform: Settings) -> RuleBook:
    return RuleFiles.of(platform).book


@pytest.fixture(scope="module")
def busy_day(ask: Ask) -> tuple[datetime, datetime]:
    """The day with most flagged orders, late enough that a month's windows matter."""
    ((day,),) = ask(
        "select date_trunc('day', event_time at time zone 'UTC') "
        "from raw.transactions_stream inner join raw.transaction_decisions using (ingest_id) "
        "where outcome <> 'approve' group by 1 order by count(*) desc, 1 desc limit 1"
    )
    begin = day.replace(tzinfo=UTC)
    return begin, begin + timedelta(days=1)


@pytest.fixture(scope="module")
def of_a_day(busy_day: tuple[datetime, datetime]) -> Request:
    return Request(source="raw", since=busy_day[0], until=busy_day[1])


def decisions(ask: Ask) -> list[tuple[Any, ...]]:
    return ask(
        "select md5(string_agg(d::text, ' ' order by ingest_id)) from raw.transaction_decisions d"
    )


def test_a_day_replayed_by_the_rules_of_its_time_is_decided_as_the_ledger_says(
    platform: Settings, book: RuleBook, of_a_day: Request, ask: Ask
) -> None:
    before = decisions(ask)

    found = rescore(platform, of_a_day, book)

    ((orders,),) = ask(
        "select count(*) from raw.transactions_stream where event_time >= %s and event_time < %s",
        of_a_day.since,
        of_a_day.until,
    )
    assert (found.orders, found.differences, found.not_in_ledger) == (orders, 0, 0)
    assert orders > 0
    assert found.changed == ()
    assert decisions(ask) == before


def test_every_order_that_ever_landed_is_decided_the_same_when_replayed(
    platform: Settings, book: RuleBook
) -> None:
    found = rescore(platform, Request(source="raw"), book)

    assert found.differences == 0


def test_a_range_of_offsets_is_replayed_alone(platform: Settings, book: RuleBook, ask: Ask) -> None:
    found = rescore(platform, Request(source="raw", offsets=Offsets(2, 10, 60)), book)

    assert (found.orders, found.differences) == (50, 0)
    ((asked,),) = ask("select asked_for from replay.runs where replay_id = %s", found.replay_id)
    assert asked == "raw, partition 2, offsets 10 to 60"


def test_offsets_are_those_of_the_topic_in_force(platform: Settings, book: RuleBook) -> None:
    moved = platform.model_copy(update={"kafka_topic_transactions": "orders_2"})
    with pytest.raises(NothingToDoError, match="partition 2, offsets 10 to 60"):
        rescore(moved, Request(source="raw", offsets=Offsets(2, 10, 60)), book)


@pytest.fixture(scope="module")
def lenient(platform: Settings, tmp_path_factory: pytest.TempPathFactory) -> RuleBook:
    """The rule set in force, but hardly any score is high enough for a review."""
    text = platform.rules_path.read_text()
    content = RuleFiles.of(platform).book.rules.content
    for threshold in (content.thresholds.review, content.thresholds.decline):
        assert str(threshold) in text
    path = tmp_path_factory.mktemp("rules") / "lenient.yml"
    path.write_text(
        text.replace(f"review: {content.thresholds.review}", "review: 0.998")
        .replace(f"decline: {content.thresholds.decline}", "decline: 0.999")
        .replace(f"version: {content.version}", "version: lenient-1")
    )
    return RuleFiles(path, platform.lists_path).book


def test_other_thresholds_give_a_table_of_changed_outcomes_that_blames_no_rule(
    platform: Settings, lenient: RuleBook, ask: Ask
) -> None:
    before = decisions(ask)

    found = rescore(platform, Request(source="raw"), lenient)

    ((flagged,),) = ask("select count(*) from raw.transaction_decisions where outcome <> 'approve'")
    (changed,) = ask(
        "select count(*), count(*) filter (where is_confirmed_fraud), "
        "count(*) filter (where not is_confirmed_fraud) "
        "from replay.decisions as r inner join raw.transaction_decisions as d "
        "using (transaction_id) left join marts.fct_labels using (transaction_id) "
        "where r.replay_id = %s and r.outcome <> d.outcome",
        found.replay_id,
    )
    assert found.rule_set_version == "lenient-1"
    assert 0 < changed[0] <= flagged
    severity = ("approve", "review", "decline").index
    assert all(severity(line.outcome_now) < severity(line.outcome_then) for line in found.changed)
    assert {line.rule for line in found.changed} == {"(weights or thresholds)"}
    counts = [(line.orders, line.known_fraud, line.known_honest) for line in found.changed]
    assert tuple(map(sum, zip(*counts, strict=True))) == changed
    assert changed[1] > 0
    assert decisions(ask) == before


def test_a_list_that_decides_has_a_row_of_its_own(
    platform: Settings, tmp_path: Path, ask: Ask
) -> None:
    ((shop, orders),) = ask(
        "select merchant_id, count(*) from marts.fct_transactions where outcome <> 'decline' "
        "group by 1 order by 2 desc, 1 limit 1"
    )
    path = tmp_path / "lists.yml"
    path.write_text(
        "version: blocked-1\n"
        f"entries: [{{list: block, kind: shop, value: {shop}, reason: test, author: tests}}]\n"
    )

    found = rescore(platform, Request(source="raw"), RuleFiles(platform.rules_path, path).book)

    assert {(line.rule, line.fires, line.outcome_now) for line in found.changed} == {
        ("(block list)", "now", "decline")
    }
    assert sum(line.orders for line in found.changed) == orders


def test_an_order_that_a_list_no_longer_lets_through_blames_no_rule(
    platform: Settings, book: RuleBook, ask: Ask
) -> None:
    ((ingest_id, lists),) = ask(
        "select ingest_id, lists from raw.transaction_decisions where outcome = 'decline' "
        "order by ingest_id limit 1"
    )
    changed = "update raw.transaction_decisions set outcome = %s, lists = %s where ingest_id = %s"
    entry = {"list": "allow", "kind": "customer", "value": "c", "reason": "known"}
    ask(changed, "approve", json.dumps([entry]), ingest_id, role=Role.OWNER)
    try:
        found = rescore(platform, Request(source="raw"), book)
    finally:
        ask(changed, "decline", json.dumps(lists), ingest_id, role=Role.OWNER)

    (line,) = found.changed
    assert (line.rule, line.fires, line.orders) == ("(allow list)", "then", 1)


def test_a_rule_that_only_names_more_decides_nothing_differently(
    platform: Settings, tmp_path: Path
) -> None:
    text = platform.rules_path.read_text()
    version = RuleFiles.of(platform).book.rules.content.version
    path = tmp_path / "shadow.yml"
    path.write_text(
        text.replace(f"version: {version}", "version: shadow-1").replace(
            "\nrules:\n",
            "\nrules:\n  - {id: velocity.never, factor: velocity, state: shadow, weight: 0.5, "
            "owner: tests, since: 2026-01-01, sentence: this never fires, "
            "when: ip_orders_24h > 5000 and customer_refunds_30d > 5000}\n",
            1,
        )
    )

    found = rescore(platform, Request(source="raw"), RuleFiles(path, platform.lists_path).book)

    assert (found.decided_differently, found.changed) == (0, ())
    assert found.differences > 0


def test_a_range_without_orders_is_nothing_to_do(platform: Settings, book: RuleBook) -> None:
    long_ago = Request(source="raw", until=datetime(2001, 1, 1, tzinfo=UTC))

    with pytest.raises(NothingToDoError):
        rescore(platform, long_ago, book)


def received(settings: Settings, topic: str, count: int) -> list[bytes]:
    consumer = Consumer(
        {
            "bootstrap.servers": settings.bootstrap_servers(),
            "group.id": topic,
            "auto.offset.reset": "earliest",
        }
    )
    consumer.subscribe([topic])
    values: list[bytes] = []
    while len(values) < count:
        found = consumer.consume(count, 30)
        assert found
        values += [message.value() or b"" for message in found]
    assert consumer.consume(1, 0.5) == []
    consumer.close()
    return values


@pytest.mark.parametrize(("source", "of_its_own"), [("raw", ""), ("kafka", "-kafka")])
def test_orders_of_a_day_are_sent_as_they_were_to_a_topic_of_their_own(
    platform: Settings, of_a_day: Request, ask: Ask, source: Any, of_its_own: str
) -> None:
    topic = f"{platform.kafka_topic_replay}{of_its_own}"
    request = msgspec.structs.replace(of_a_day, source=source)

    sent = resend(platform, request, topic=topic, speed=None)

    payloads = ask(
        "select payload from raw.transactions_stream where event_time >= %s and event_time < %s",
        request.since,
        request.until,
    )
    assert sent.acknowledged == len(payloads)
    found = received(platform, topic, len(payloads))
    assert sorted(found) == sorted(payload.encode() for (payload,) in payloads)


@pytest.mark.parametrize("moment", ["span", "differences", "publish"])
def test_nobody_is_erased_from_before_a_replay_reads_until_after_it_has_written(
    platform: Settings,
    book: RuleBook,
    of_a_day: Request,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
) -> None:
    """What it has read of him would stand in its decisions, or in its topic, after the erasure."""
    step = getattr(run, moment)
    refused: list[str] = []

    def erase_and_go_on(*given: Any, **named: Any) -> Any:
        with pytest.raises(ErasureError, match="a replay is at work") as refusal:
            erase_customer(platform, "anybody", by="officer", why="article 17")
        refused.append(str(refusal.value))
        return step(*given, **named)

    monkeypatch.setattr(run, moment, erase_and_go_on)
    if moment == "publish":
        resend(platform, of_a_day, topic=f"{platform.kafka_topic_replay}-beside", speed=None)
    else:
        rescore(platform, of_a_day, book)
    assert len(refused) == 1

    with pytest.raises(UnknownCustomerError):
        erase_customer(platform, "anybody", by="officer", why="article 17")


def test_a_replay_never_goes_to_a_topic_of_the_live_stream(
    platform: Settings, of_a_day: Request
) -> None:
    for topic in platform.topics.live:
        with pytest.raises(ReplayError, match="live stream"):
            resend(platform, of_a_day, topic=topic, speed=None)


def test_an_export_can_be_replayed(platform: Settings, book: RuleBook, of_a_day: Request) -> None:
    assert of_a_day.since
    exported = export_day(platform, of_a_day.since.date())

    folder = str(platform.fraud_home / "exports" / "transactions")
    found = rescore(platform, Request(source="parquet", path=folder), book)

    assert found.orders == exported.rows["transactions"]
    assert found.not_in_ledger == 0


def test_a_file_can_be_replayed(
    platform: Settings, book: RuleBook, ask: Ask, tmp_path: Path
) -> None:
    payloads = ask("select payload from raw.transactions_stream order by ingest_id limit 20")
    file = tmp_path / "orders.jsonl"
    file.write_text("".join(f"{payload}\n" for (payload,) in payloads) + "no order\n")

    found: Rescoring = rescore(platform, Request(source="file", path=str(file)), book)

    assert found.orders == 20
    assert msgspec.json.decode(payloads[0][0], type=OrderEvent)
