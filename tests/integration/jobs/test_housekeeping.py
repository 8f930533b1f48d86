"""Retention drops what is old, built and sent, and nothing else."""

import threading
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from typing import Any

import psycopg2
import pytest
from landing_support import eventually

from fraud_core.database import connect
from fraud_core.errors import NothingToDoError, WarehouseError
from fraud_core.settings import Role, Settings
from fraud_local.dbt import build
from fraud_local.housekeeping import dead_letters, drop_old, make_partitions, prune
from fraud_local.landed import partition_accounts, require_complete
from fraud_stream.consumer.rule_files import HORIZON

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

OLD = 1_000_001
"""The first ingest_id of the second partition; those below are a year and a day old."""


READERS = {
    "marts.fct_transactions": "ingest_id",
    "marts.fct_decisions": "ingest_id",
    "marts.fct_rule_hits": "ingest_id",
    "marts.mart_rule_overlaps": "last_ingest_id",
    "restricted.personal_transactions": "ingest_id",
}
"""Models that read landed orders or decisions themselves, and what says how far each has read."""


class Database:
    """Three old orders in the first partition, and a new one in the second."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.ask("select raw.ensure_partitions(%s)", OLD)
        for offset, ingest_id in enumerate((1, 2, 3, OLD)):
            self.land(ingest_id, offset + 1)
        topic = settings.kafka_topic_transactions
        self.ask("insert into raw.stream_offsets values (%s, 0, 'id', 5, now())", topic)
        self.ask(
            "insert into raw.duplicate_transactions values (%s, 0, 0, 't1', now(), now())", topic
        )

    def ask(self, statement: str, *values: Any, role: Role = Role.OWNER) -> list[tuple[Any, ...]]:
        with (
            closing(connect(self.settings, role, application="tests")) as connection,
            connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def built_up_to(self, ingest_id: int) -> None:
        """As much of the models that read the ledger as retention looks at."""
        for model, mark in READERS.items():
            self.ask(
                f"create table {model} as select %s::bigint as {mark}", ingest_id, role=Role.DBT
            )
        self.ask(
            "alter table marts.fct_decisions add rule_count int default 1, "
            "add shadow_rule_count int default 0, add snoozed_rule_count int default 0",
            role=Role.DBT,
        )

    def filling(self) -> list[str]:
        """Partitions that Postgres does not vacuum for what comes in."""
        return [
            name
            for (name,) in self.ask(
                "select relname::text from pg_class "
                "where 'autovacuum_vacuum_insert_threshold=-1' = any (reloptions)"
            )
        ]

    def landed(self) -> list[int]:
        return [n for (n,) in self.ask("select ingest_id from raw.transactions_stream order by 1")]

    def land(self, ingest_id: int, offset: int) -> None:
        age = "366 days" if ingest_id < OLD else "1 hour"
        self.ask(
            "insert into raw.transactions_stream select %s, %s, 0, %s, %s, 'c', "
            "now() - %s::interval, now() - %s::interval, '{}'",
            *(ingest_id, self.settings.kafka_topic_transactions, offset, f"t{ingest_id}", age, age),
        )
        self.ask(
            "insert into raw.transaction_decisions values (%s, %s, 'r', 'l', 'approve', 0, '', "
            "'{}', '[]', '{}', '[]', '[]', '[]', '[]', now() - %s::interval)",
            *(ingest_id, f"t{ingest_id}", age),
        )
        self.ask("insert into raw.transaction_keys values (%s, %s)", f"t{ingest_id}", ingest_id)


@pytest.fixture
def database(new_database: Callable[[], Settings]) -> Database:
    return Database(new_database())


def test_a_partition_that_is_old_and_built_is_dropped_with_its_decisions(
    database: Database,
) -> None:
    database.built_up_to(OLD)

    dropped = drop_old(database.settings)

    assert dropped.partitions == {"transactions_stream_0": 3}
    assert database.landed() == [OLD]
    assert database.ask("select ingest_id from raw.transaction_decisions") == [(OLD,)]


def test_an_id_is_known_for_ever_and_what_is_left_still_adds_up(database: Database) -> None:
    database.built_up_to(OLD)
    drop_old(database.settings)

    assert database.ask("select count(*) from raw.transaction_keys") == [(4,)]
    assert require_complete(partition_accounts(database.settings)).orders == 1


def test_what_the_marts_have_not_taken_in_stays(database: Database) -> None:
    database.built_up_to(2)

    assert drop_old(database.settings).partitions == {}
    assert database.landed() == [1, 2, 3, OLD]


@pytest.mark.parametrize("model", READERS)
@pytest.mark.parametrize("held", [2, None])
def test_what_one_model_has_not_taken_in_stays(
    database: Database, model: str, held: int | None
) -> None:
    """It may have been red for weeks, or hold nothing yet."""
    database.built_up_to(OLD)
    database.ask(f"update {model} set {READERS[model]} = %s", held, role=Role.DBT)

    assert drop_old(database.settings).partitions == {}
    assert database.landed() == [1, 2, 3, OLD]


def test_where_no_rule_has_ever_fired_no_hit_is_waited_for(database: Database) -> None:
    database.built_up_to(OLD)
    database.ask("delete from marts.fct_rule_hits", role=Role.DBT)
    database.ask("update marts.fct_decisions set rule_count = 0", role=Role.DBT)

    assert drop_old(database.settings).partitions == {"transactions_stream_0": 3}


def of_a_small_shop(database: Database, *, oldest: str) -> None:
    """Two old orders, and two new ones of which the first is in the same partition."""
    database.ask(
        "update raw.transactions_stream set received_at = now() - %s::interval, "
        "event_time = now() - %s::interval where ingest_id < 3",
        *(oldest, oldest),
    )
    database.ask("update raw.transactions_stream set received_at = now() where ingest_id = 3")


def test_old_orders_of_a_partition_that_goes_on_are_dropped_by_themselves(
    database: Database,
) -> None:
    database.built_up_to(OLD)
    of_a_small_shop(database, oldest="396 days")

    assert drop_old(database.settings).partitions == {"transactions_stream_0": 2}
    assert database.landed() == [3, OLD]
    decisions = database.ask("select ingest_id from raw.transaction_decisions order by 1")
    assert decisions == [(3,), (OLD,)]
    assert drop_old(database.settings).partitions == {}
    assert require_complete(partition_accounts(database.settings)).orders == 2
    with pytest.raises(WarehouseError, match=r"up to 2 \(ingest_id\): retention"):
        build(database.settings, full_refresh=True)


def test_a_few_days_orders_wait_until_more_can_go_with_them(database: Database) -> None:
    database.built_up_to(OLD)
    of_a_small_shop(database, oldest="394 days")

    assert drop_old(database.settings).partitions == {}
    assert database.landed() == [1, 2, 3, OLD]


def test_of_a_partition_that_goes_on_what_is_not_built_or_not_sent_stays(
    database: Database,
) -> None:
    of_a_small_shop(database, oldest="396 days")
    database.built_up_to(1)
    database.ask("insert into raw.flagged_outbox values (1)")

    assert drop_old(database.settings).partitions == {}

    database.ask("insert into raw.publication_positions values ('transactions_flagged', 1)")
    assert drop_old(database.settings).partitions == {"transactions_stream_0": 1}
    assert database.landed() == [2, 3, OLD]


def test_the_last_order_of_all_stays(database: Database) -> None:
    database.built_up_to(4 * OLD)
    database.ask("update raw.transactions_stream set received_at = now() - interval '400 days'")
    database.ask("update raw.transactions_stream set event_time = now() - interval '400 days'")
    database.land(OLD + 1, 5)
    database.ask("update raw.transactions_stream set received_at = now() - interval '400 days'")

    dropped = drop_old(database.settings).partitions
    assert dropped == {"transactions_stream_0": 3, "transactions_stream_1": 1}
    assert database.landed() == [OLD + 1]


def test_what_is_not_old_enough_stays(database: Database) -> None:
    database.built_up_to(OLD)
    patient = database.settings.model_copy(update={"retention_days": 400})

    assert drop_old(patient).partitions == {}


def test_what_a_window_still_reaches_stays_however_long_ago_it_was_received(
    database: Database,
) -> None:
    assert timedelta(days=32) >= HORIZON
    database.built_up_to(OLD)
    database.ask(
        "insert into raw.scorer_lease "
        "(lease_name, epoch, holder, expires_at, last_ingest_id, newest_event_time) "
        "select 'scorer', 1, '', now(), max(ingest_id), "
        "min(event_time) + interval '31 days 23 hours' from raw.transactions_stream",
    )
    assert drop_old(database.settings).partitions == {}

    database.ask("update raw.scorer_lease set newest_event_time = now() + interval '400 days'")
    assert drop_old(database.settings).partitions == {"transactions_stream_0": 3}


def test_an_order_whose_alert_waits_stays(database: Database) -> None:
    database.built_up_to(OLD)
    database.ask("insert into raw.flagged_outbox values (3)")

    assert drop_old(database.settings).partitions == {}

    database.ask("insert into raw.publication_positions values ('transactions_flagged', 3)")
    assert drop_old(database.settings).partitions == {"transactions_stream_0": 3}
    assert database.ask("select count(*) from raw.flagged_outbox") == [(0,)]


def test_a_partition_in_which_no_order_landed_is_dropped_once_orders_come_after_it(
    database: Database,
) -> None:
    """As a back-fill of labels leaves one: they take ids of the same sequence."""
    database.ask("select raw.ensure_partitions(%s)", 4 * OLD)
    database.ask("update raw.transactions_stream set received_at = now() - interval '366 days'")
    database.built_up_to(4 * OLD)
    assert drop_old(database.settings).partitions == {"transactions_stream_0": 3}
    assert drop_old(database.settings).partitions == {}

    database.land(3 * OLD, 5)

    dropped = drop_old(database.settings)
    assert dropped.partitions == {"transactions_stream_1": 1, "transactions_stream_2": 0}
    assert database.landed() == [3 * OLD]
    assert database.ask("select to_regclass('raw.transaction_decisions_2')") == [(None,)]


def test_orders_land_while_partitions_are_looked_through(database: Database) -> None:
    """A drop makes landing wait until its end, so nothing that takes long comes after it."""
    database.ask("select raw.ensure_partitions(%s)", 4 * OLD)
    database.land(2 * OLD, 5)
    database.built_up_to(4 * OLD)
    refused: list[BaseException] = []

    def drop() -> None:
        try:
            drop_old(database.settings)
        except psycopg2.OperationalError as error:
            refused.append(error)

    dropping = threading.Thread(target=drop)
    with closing(connect(database.settings, Role.OWNER, application="tests")) as busy:
        with busy, busy.cursor() as cursor:
            cursor.execute("lock table raw.transactions_stream_1 in access exclusive mode")
            dropping.start()
            waits = "select count(*) from pg_locks where not granted"
            eventually("it waits for that", lambda: database.ask(waits) == [(1,)])
            database.land(2 * OLD + 1, 6)
            assert dropping.is_alive()
        dropping.join()
    assert refused == []
    assert database.landed() == [OLD, 2 * OLD, 2 * OLD + 1]


def test_before_the_marts_are_built_nothing_is_dropped(database: Database) -> None:
    with pytest.raises(NothingToDoError):
        drop_old(database.settings)

    assert database.landed() == [1, 2, 3, OLD]


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


def test_what_retention_has_dropped_is_not_lost_by_a_full_refresh(database: Database) -> None:
    database.built_up_to(OLD)
    drop_old(database.settings)

    with pytest.raises(WarehouseError, match="retention") as refused:
        build(database.settings, full_refresh=True)
    said = str(refused.value).partition("would lose what ")[2].partition(" hold of")[0]
    assert set(said.split(", ")) == {
        *("raw_transactions", "personal_transactions", "personal_customers"),
        *("fct_transactions", "fct_decisions", "fct_rule_hits"),
        *("mart_rule_overlaps", "mart_rule_cohorts"),
    }
    with pytest.raises(WarehouseError, match="retention"):
        build(database.settings, select=["path:seeds"], full_refresh=True)
    assert build(database.settings, select=["path:seeds"]).is_good


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
