"""From the marketplace to Postgres: every order lands, and trouble on purpose is told apart."""

import pytest

from fraud_core.database import connect
from fraud_core.settings import Role, Settings
from fraud_stream.consumer.catch_up import until_caught_up
from fraud_stream.producer.run import produce_simulation
from fraud_stream.producer.simulation import Wishes
from fraud_stream.producer.sinks import KafkaSink

pytestmark = pytest.mark.integration


def count(settings: Settings, statement: str) -> int:
    connection = connect(settings, Role.OWNER, application="tests")
    with connection, connection.cursor() as cursor:
        cursor.execute(statement)
        ((found,),) = cursor.fetchall()
    connection.close()
    return found


def test_every_order_lands_once_whatever_trouble_comes_with_it(stream_settings: Settings) -> None:
    wishes = Wishes(orders=3_000, seed=21, duplicates=0.05, malformed=0.05, shuffle=3_600)
    sent = produce_simulation(wishes, KafkaSink(stream_settings))
    done = until_caught_up(stream_settings, timeout_seconds=120)
    assert done.landed + done.duplicates + done.dead == sent.produced == sent.acknowledged
    assert done.duplicates == sent.duplicates
    landed = "select count(*) from raw.transactions_stream where transaction_id !~ 'broken'"
    assert count(stream_settings, landed) == sent.orders == 3_000


def test_what_an_order_says_is_what_its_row_says(stream_settings: Settings) -> None:
    sent = produce_simulation(Wishes(orders=500, seed=22), KafkaSink(stream_settings))
    until_caught_up(stream_settings, timeout_seconds=120)
    parsed = (
        "select count(*) from raw.transactions_stream "
        "where payload::jsonb ->> 'transaction_id' = transaction_id "
        "and payload::jsonb ->> 'customer_id' = customer_id "
        "and (payload::jsonb ->> 'event_time')::timestamptz = event_time"
    )
    assert count(stream_settings, parsed) == sent.orders
