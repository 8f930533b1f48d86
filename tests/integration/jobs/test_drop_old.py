"""Retention drops orders that are old, built and sent, and nothing else."""

import threading
from contextlib import closing
from datetime import timedelta

import psycopg2
import pytest
from housekeeping_support import OLD, READERS, Database
from landing_support import eventually

from fraud_core.database import connect
from fraud_core.errors import NothingToDoError, WarehouseError
from fraud_core.settings import Role
from fraud_local.dbt import build
from fraud_local.housekeeping import drop_old
from fraud_local.landed import partition_accounts, require_complete
from fraud_stream.consumer.rule_files import HORIZON

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


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
