"""Partitions to come and full ones, what is pruned beside the orders, and what is counted."""

import pytest
from housekeeping_support import OLD, Database

from fraud_core.settings import Role
from fraud_local.housekeeping import dead_letters, drop_old, make_partitions, prune

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


def test_the_next_orders_have_a_partition(database: Database) -> None:
    database.ask(
        "insert into raw.scorer_lease (lease_name, epoch, holder, expires_at, last_ingest_id) "
        "values ('scorer', 1, '', now(), %s)",
        OLD + 999_998,
    )

    assert make_partitions(database.settings) > OLD + 999_998 + 1_000_000


def test_useless_snapshots_are_forgotten_and_the_others_stay(database: Database) -> None:
    database.ask(
        "insert into raw.scorer_snapshots (ingest_id, epoch, format, horizon, taken_at, sha256) "
        "select n, 1, 1, interval '90 days', now() - interval '2 hours', "
        "case when n > 2 then 'x' end from generate_series(1, 5) as n"
    )

    assert prune(database.settings)["snapshots"] == 2
    left = database.ask("select ingest_id from raw.scorer_snapshots order by 1")
    assert left == [(3,), (4,), (5,)]


def test_an_old_dead_letter_loses_its_bytes_and_is_still_counted(database: Database) -> None:
    database.ask(
        "insert into raw.dead_letters (topic, kafka_partition, kafka_offset, reason, detail, key, "
        "value, headers, landed_at, code_version) select 'x', 0, n, 'not_json', '', 'k', 'v', "
        "'[{}]', now() - n * interval '200 days', '' from generate_series(1, 2) as n"
    )

    assert prune(database.settings)["dead_letters"] == 1
    assert prune(database.settings)["dead_letters"] == 0
    left = database.ask("select key is null, value is null from raw.dead_letters order by 1")
    assert left == [(False, False), (True, True)]


def test_people_of_dropped_orders_are_forgotten_and_those_of_others_stay(
    database: Database,
) -> None:
    database.built_up_to(OLD)
    database.ask("insert into restricted.personal_transactions values (1), (2), (3)", role=Role.DBT)
    assert prune(database.settings)["personal_orders"] == 0
    drop_old(database.settings)

    assert prune(database.settings)["personal_orders"] == 3
    left = database.ask("select * from restricted.personal_transactions", role=Role.DBT)
    assert left == [(OLD,)]


def test_a_customer_whose_every_order_was_dropped_is_forgotten(database: Database) -> None:
    database.built_up_to(OLD)
    database.ask(
        "create table restricted.personal_customers (customer_id, last_ingest_id) as"
        " values ('gone', 3), ('came back', 1000001)",
        role=Role.DBT,
    )
    assert prune(database.settings)["personal_customers"] == 0
    drop_old(database.settings)

    assert prune(database.settings)["personal_customers"] == 1
    left = database.ask("select customer_id from restricted.personal_customers", role=Role.DBT)
    assert left == [("came back",)]


def test_dead_letters_are_counted_by_whether_somebody_dealt_with_them(database: Database) -> None:
    database.ask(
        "insert into raw.dead_letters (topic, kafka_partition, kafka_offset, reason, detail, "
        "headers, landed_at, code_version) select 'x', 0, n, 'not_json', '', '[]', "
        "now() - n * interval '9 hours', '' from generate_series(1, 5) as n"
    )
    database.ask(
        "insert into raw.dead_letter_actions (dead_letter_id, action, acted_by, why, replay_of) "
        "select min(dead_letter_id), 'discard', 'me', 'a test', 'x/0/1' from raw.dead_letters"
    )

    found = dead_letters(database.settings)

    assert (found.last_day, found.open, found.reasons) == (2, 4, {"not_json": 4})


def test_a_partition_is_vacuumed_once_it_is_full(database: Database) -> None:
    """Postgres does it by itself then; while orders come in, it would write each page once more."""
    database.ask("insert into raw.scorer_lease values ('s', 0, '', to_timestamp(0), %s)", OLD)

    assert set(database.filling()) >= {
        "transactions_stream_0",
        "transaction_decisions_0",
        "transactions_stream_1",
        "transaction_decisions_1",
    }
    make_partitions(database.settings)
    assert "transactions_stream_1" in database.filling()
    assert "transaction_decisions_1" in database.filling()
    assert "transactions_stream_0" not in database.filling()
    assert "transaction_decisions_0" not in database.filling()
