"""Requests for erasures wait until they can be done, and then name nobody."""

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from landing_support import order

from fraud_core.database import connect
from fraud_core.errors import ErasureError, SettingsError
from fraud_core.events import OrderEvent
from fraud_core.pseudonym import erased_id
from fraud_core.settings import Role, Settings
from fraud_local.erasure.again import Again, Past, erase_again, erasures
from fraud_local.erasure_requests import (
    Handled,
    erase_requested,
    request_erasure,
    waiting_requests,
    withdraw,
)
from fraud_local.topics import make_topics
from fraud_stream.consumer.catch_up import until_caught_up
from fraud_stream.consumer.erased import Erased
from fraud_stream.consumer.waiting import Database
from fraud_stream.producer.run import produce_orders

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def landed(new_database: Callable[[], Settings]) -> Settings:
    """Some orders, and nothing built of them."""
    settings = new_database()
    make_topics(settings.bootstrap_servers(), settings.topics, settings.kafka_partitions)
    produce_orders(settings, orders=100)
    until_caught_up(settings)
    return settings


def ask(settings: Settings, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with (
        closing(connect(settings, Role.OWNER, application="tests")) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, values or None)
        return cursor.fetchall()


def a_customer(settings: Settings) -> str:
    """One who can be erased: not yet, and no owner of a shop."""
    ((customer_id,),) = ask(
        settings,
        "select customer_id from raw.transactions_stream where customer_id not like 'erased-%'"
        " and customer_id not in (select payload::json ->> 'merchant_owner_id'"
        " from raw.transactions_stream where payload::json ->> 'merchant_owner_id' is not null)"
        " order by ingest_id limit 1",
    )
    return customer_id


def named(settings: Settings, request_id: int) -> tuple[str, str | None]:
    """Whom a request names, and what became of it."""
    ((customer_id, outcome),) = ask(
        settings,
        "select customer_id, outcome from raw.erasure_requests where request_id = %s",
        request_id,
    )
    return customer_id, outcome


def orders(settings: Settings, customer_id: str) -> int:
    query = "select count(*) from raw.transactions_stream where customer_id = %s"
    return ask(settings, query, customer_id)[0][0]


def test_without_a_request_there_is_nothing_to_erase_and_no_right_is_needed(
    landed: Settings,
) -> None:
    rightless = landed.model_copy(update={"postgres_password": None})

    assert erase_requested(rightless) == Handled()


def test_a_customer_is_erased_on_request_and_the_request_no_longer_says_who_it_was(
    landed: Settings,
) -> None:
    customer_id = a_customer(landed)
    before = orders(landed, customer_id)
    token = erased_id(landed.pseudonym_secret(), customer_id)
    request_id = request_erasure(landed, customer_id, by="officer", why="article 17")

    assert erase_requested(landed) == Handled(erased=1)

    assert orders(landed, customer_id) == 0
    assert orders(landed, token) == before > 0
    assert named(landed, request_id) == (token, "erased")
    assert ask(landed, "select erased_by, why from raw.erasures where erased_id = %s", token) == [
        ("officer", "article 17")
    ]


def test_a_request_for_a_customer_of_whom_nothing_is_known_is_closed_as_that(
    landed: Settings,
) -> None:
    request_id = request_erasure(landed, "nobody-1", by="officer", why="article 17")

    assert erase_requested(landed) == Handled(unknown=1)

    who, outcome = named(landed, request_id)
    assert (who.startswith("erased-"), outcome) == (True, "unknown")


def test_a_request_waits_while_the_warehouse_is_built(landed: Settings) -> None:
    customer_id = a_customer(landed)
    request_id = request_erasure(landed, customer_id, by="officer", why="article 17")

    with closing(connect(landed, Role.DBT, application="tests")) as build:
        with build.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock_shared(hashtext('dbt'), 0)")
        with pytest.raises(ErasureError, match=f"request {request_id}: the warehouse is being"):
            erase_requested(landed)

    assert named(landed, request_id) == (customer_id, None)
    assert erase_requested(landed) == Handled(erased=1)


def test_a_request_without_the_right_to_erase_waits_and_names_what_is_missing(
    landed: Settings,
) -> None:
    customer_id = a_customer(landed)
    request_id = request_erasure(landed, customer_id, by="officer", why="article 17")
    rightless = landed.model_copy(update={"postgres_password": None})

    with pytest.raises(SettingsError, match="POSTGRES_PASSWORD"):
        erase_requested(rightless)

    assert named(landed, request_id) == (customer_id, None)


def test_a_request_that_is_withdrawn_waits_no_longer_and_names_nobody(landed: Settings) -> None:
    erase_requested(landed)
    customer_id = a_customer(landed)
    request_id = request_erasure(landed, customer_id, by="officer", why="article 17")
    assert request_erasure(landed, customer_id, by="another", why="again") == request_id
    assert [request.customer_id for request in waiting_requests(landed)] == [customer_id]

    withdraw(landed, request_id)

    assert waiting_requests(landed) == []
    token = erased_id(landed.pseudonym_secret(), customer_id)
    assert named(landed, request_id) == (token, "withdrawn")
    assert erase_requested(landed) == Handled()
    assert orders(landed, customer_id) > 0
    with pytest.raises(ErasureError, match=f"no request {request_id} waits"):
        withdraw(landed, request_id)


def test_whom_a_restore_has_brought_back_is_erased_again_by_his_token(landed: Settings) -> None:
    customer_id, secret = a_customer(landed), landed.pseudonym_secret()
    token, stranger = erased_id(secret, customer_id), erased_id(secret, "landed since")
    done = [
        Past(name, datetime(2026, 2, day, tzinfo=UTC), "officer", "article 17")
        for name, day in ((token, 1), (stranger, 2))
    ]
    before = orders(landed, customer_id)

    assert erase_again(landed, done) == Again(erased=1, noted=1)

    assert orders(landed, customer_id) == 0
    assert orders(landed, token) == before > 0
    kept = {past.erased_id: past for past in erasures(landed)}
    assert [kept[token], kept[stranger]] == done
    assert erase_again(landed, erasures(landed)) == Again(erased=0, noted=0)
    assert erase_again(landed, done) == Again(erased=0, noted=0)


def test_an_order_of_after_the_first_erasure_comes_in_when_it_is_done_again(
    landed: Settings,
) -> None:
    customer_id = a_customer(landed)
    token = erased_id(landed.pseudonym_secret(), customer_id)
    at = datetime.now(UTC) - timedelta(days=4)
    erase_again(landed, [Past(token, at, "officer", "article 17")])

    with closing(Database(landed, "tests", lambda: False)) as database:
        erased = Erased(landed, database)
    refused = {
        days: erased.includes(
            msgspec.json.decode(
                order(
                    1, customer_id=customer_id, event_time=(at + timedelta(days=days)).isoformat()
                ),
                type=OrderEvent,
            )
        )
        for days in (-1, 1)
    }

    assert refused == {-1: True, 1: False}


def test_the_owner_of_a_shop_is_refused_however_orders_spell_him(landed: Settings) -> None:
    payload = r'{"merchant_id":"m-owned","merchant_owner_id":"Zoe\u0308-88"}'
    ask(
        landed,
        "insert into raw.transactions_stream select max(ingest_id) + 1, 'elsewhere', 0, 0, 't', "
        "'c', now(), now(), %s from raw.transactions_stream returning ingest_id",
        payload,
    )

    with pytest.raises(ErasureError, match="the owner of m-owned"):
        request_erasure(landed, "Zo\u00eb-88", by="officer", why="article 17")
