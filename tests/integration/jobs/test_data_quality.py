"""Each check passes on a sound platform, and names the row when one is broken."""

import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from fraud_core.errors import NothingToDoError, QualityError, ReconciliationError, SettingsError
from fraud_core.settings import Role, Settings
from fraud_local.quality import run
from fraud_local.quality.checks import NAMES
from fraud_local.quality.run import run_check

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

Ask = Callable[..., list[tuple[Any, ...]]]


@pytest.mark.parametrize("name", NAMES)
def test_every_check_holds_on_a_sound_platform(platform: Settings, name: str) -> None:
    assert run_check(platform, name).check == name


@contextmanager
def without_row(ask: Ask, table: str, ingest_id: int, role: Role) -> Generator[None]:
    """A row is gone for a while."""
    ask("create table marts.taken as select * from " + table + " where ingest_id = %s", ingest_id)
    ask(f"delete from {table} where ingest_id = %s", ingest_id, role=role)
    try:
        yield
    finally:
        ask(f"insert into {table} select * from marts.taken", role=role)
        ask("drop table marts.taken")


@pytest.fixture(scope="module")
def an_order(ask: Ask) -> tuple[int, str, str]:
    """An order in the middle: its ingest_id, its id and its customer."""
    return ask(
        "select ingest_id, transaction_id, customer_id from raw.transactions_stream "
        "order by ingest_id offset 1000 limit 1"
    )[0]  # pyright: ignore[reportReturnType] - three columns


def test_an_order_without_a_fact_is_named_with_the_query_that_finds_it(
    platform: Settings, ask: Ask, an_order: tuple[int, str, str]
) -> None:
    with (
        without_row(ask, "marts.fct_transactions", an_order[0], Role.DBT),
        pytest.raises(QualityError, match=f"transaction_id {an_order[1]}") as complaint,
    ):
        run_check(platform, "facts_complete")

    assert "left join marts.fct_transactions" in str(complaint.value)


def test_a_customer_whose_totals_disagree_is_named(
    platform: Settings, ask: Ask, an_order: tuple[int, str, str]
) -> None:
    with (
        without_row(ask, "marts.fct_decisions", an_order[0], Role.DBT),
        pytest.raises(QualityError, match=f"customer_id {an_order[2]}"),
    ):
        run_check(platform, "marts_complete")


def test_a_message_that_is_nowhere_is_missed_in_its_partition(platform: Settings, ask: Ask) -> None:
    moved = (
        "update raw.stream_offsets set next_offset = next_offset + %s "
        "where topic = %s and kafka_partition = 3"
    )
    topic = platform.kafka_topic_transactions
    ask(moved, 1, topic, role=Role.OWNER)
    try:
        with pytest.raises(ReconciliationError, match=f"{topic}/3: 1 missing"):
            run_check(platform, "stream_complete")
    finally:
        ask(moved, -1, topic, role=Role.OWNER)


def test_too_many_dead_letters_are_named_by_day_and_reason(platform: Settings, ask: Ask) -> None:
    ask(
        "insert into raw.dead_letters (topic, kafka_partition, kafka_offset, reason, detail, "
        "headers, landed_at, code_version) "
        "select 'elsewhere', 0, n, 'not_json', '', '[]', clock_timestamp(), '' "
        "from generate_series(1, 4000) as n",
        role=Role.OWNER,
    )
    try:
        with pytest.raises(QualityError, match="not_json"):
            run_check(platform, "dead_letter_trend")
        ask(
            "insert into raw.dead_letter_actions "
            "(dead_letter_id, action, acted_by, why, replay_of) "
            "select dead_letter_id, 'discard', 'tests', 'dealt with', 'elsewhere' "
            "from raw.dead_letters where topic = 'elsewhere'",
            role=Role.OWNER,
        )
        run_check(platform, "dead_letter_trend")
    finally:
        ask("delete from raw.dead_letter_actions where acted_by = 'tests'", role=Role.OWNER)
        ask("delete from raw.dead_letters where topic = 'elsewhere'", role=Role.OWNER)


def test_a_feature_that_was_stored_wrongly_is_named_with_its_order(
    platform: Settings, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = "update raw.transaction_decisions set features = %s where ingest_id = %s"
    ((ingest_id, features, name, decisions),) = ask(
        "select ingest_id, features,"
        " (select min(key) from json_each(features::json) where json_typeof(value) = 'number'),"
        " count(*) over () from raw.transaction_decisions order by ingest_id desc limit 1"
    )
    forged = json.dumps(json.loads(features) | {name: 987_654})
    monkeypatch.setattr(run, "PARITY_DECISIONS", decisions)
    ask(changed, forged, ingest_id, role=Role.OWNER)
    try:
        with pytest.raises(QualityError, match=f"ingest_id {ingest_id}, name {name}"):
            run_check(platform, "feature_parity")
    finally:
        ask(changed, features, ingest_id, role=Role.OWNER)


def newest_orders(ask: Ask, count: int) -> list[tuple[Any, ...]]:
    """Id, name, action, rules and lists of the orders with the latest event time."""
    return ask(
        "select ingest_id, ledger.transaction_id, recommended_action, rule_set_version,"
        " lists_version"
        " from raw.transaction_decisions as ledger"
        " inner join raw.transactions_stream as orders using (ingest_id)"
        " order by orders.event_time desc limit %s",
        count,
    )


@pytest.mark.parametrize("which", ["rule_set_version", "lists_version"])
def test_what_earlier_rules_or_lists_decided_otherwise_is_not_held_against_those_in_force(
    platform: Settings, ask: Ask, which: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "PARITY_HOURS", 24)
    changed = (
        f"update raw.transaction_decisions set recommended_action = %s, {which} = %s"
        " where ingest_id = %s"
    )

    def compared() -> int:
        return int(run_check(platform, "replay_parity").holds.split()[0])

    orders = compared()
    (_, (ingest_id, _, action, *versions)) = newest_orders(ask, 2)
    version = versions[which == "lists_version"]
    ask(changed, "another", "older", ingest_id, role=Role.OWNER)
    try:
        assert compared() == orders - 1
    finally:
        ask(changed, action, version, ingest_id, role=Role.OWNER)


def test_what_an_erasure_has_rewritten_is_left_out_of_the_replay_s_comparison(
    platform: Settings, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "PARITY_HOURS", 24)
    changed = "update raw.transaction_decisions set recommended_action = %s where ingest_id = %s"

    def compared() -> int:
        return int(run_check(platform, "replay_parity").holds.split()[0])

    orders = compared()
    (_, (ingest_id, _, action, *_)) = newest_orders(ask, 2)
    ask(changed, "rewritten", ingest_id, role=Role.OWNER)
    ask("insert into raw.unverifiable_decisions values (%s)", ingest_id, role=Role.OWNER)
    try:
        assert compared() == orders - 1
    finally:
        ask("delete from raw.unverifiable_decisions", role=Role.OWNER)
        ask(changed, action, ingest_id, role=Role.OWNER)


def test_lists_that_have_decided_nothing_yet_are_named_with_the_rules(
    platform: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "lists.yml"
    path.write_text("version: unused-1\nentries: []\n")
    other = platform.model_copy(update={"lists_file": path})

    with pytest.raises(NothingToDoError, match=r"by rule set .* with lists unused-1 yet"):
        run_check(other, "replay_parity")


def test_a_decision_that_a_replay_does_not_come_to_is_named_with_the_query_that_finds_it(
    platform: Settings, ask: Ask
) -> None:
    """The order is of the newest hour, and its outcome is the same: another part differs."""
    changed = "update raw.transaction_decisions set recommended_action = %s where ingest_id = %s"
    ((ingest_id, transaction_id, action, *_),) = newest_orders(ask, 1)
    ask(changed, "forged", ingest_id, role=Role.OWNER)
    try:
        with pytest.raises(QualityError, match=r"\(1 are not: replay_id \d+\)") as complaint:
            run_check(platform, "replay_parity")
    finally:
        ask(changed, action, ingest_id, role=Role.OWNER)
    assert f"\n  transaction_id {transaction_id}, ingest_id {ingest_id}," in str(complaint.value)
    assert "from replay.decisions as replayed" in str(complaint.value)


def test_a_shop_whose_scores_cannot_be_is_named(platform: Settings, ask: Ask) -> None:
    """Tests of this view read all of history, so no build makes them.

    Average scores lie between 0 and 1; 5 more is wrong and still fits the view's numeric(5, 4).
    """
    ((shop,),) = ask("select min(merchant_id) from marts.mart_shop_currencies")
    change = (
        "update marts.mart_shop_currencies set score_sum = score_sum + %s * order_count"
        " where merchant_id = %s"
    )
    ask(change, 5, shop)
    try:
        with pytest.raises(QualityError, match=f"merchant_id {shop}"):
            run_check(platform, "whole_history")
    finally:
        ask(change, -5, shop)


def test_orders_that_are_too_old_are_named_with_their_age(platform: Settings) -> None:
    impatient = platform.model_copy(update={"freshness_minutes": 0})

    with pytest.raises(QualityError, match=r"newest_at .*age "):
        run_check(impatient, "source_freshness")


def test_before_the_marts_are_built_a_check_of_them_has_nothing_to_do(settings: Settings) -> None:
    with pytest.raises(NothingToDoError):
        run_check(settings, "facts_complete")


def test_an_unknown_check_is_refused_with_the_names_there_are(platform: Settings) -> None:
    with pytest.raises(SettingsError, match="facts_complete"):
        run_check(platform, "everything")
