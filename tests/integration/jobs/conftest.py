"""A month of orders, landed and built in a database of their own, for the jobs beside the pipeline.

Tests of this folder read it; one that changes something puts it back.
"""

from collections.abc import Callable, Generator
from contextlib import closing
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import uuid4

import pytest
from housekeeping_support import Database
from psycopg2 import sql

from fraud_core.database import connect
from fraud_core.migrations import migrate
from fraud_core.settings import Role, Settings
from fraud_local.dbt import build
from fraud_local.topics import make_topics
from fraud_stream.consumer.catch_up import until_caught_up
from fraud_stream.producer.run import produce_simulation
from fraud_stream.producer.simulation import Wishes
from fraud_stream.producer.sinks import KafkaSink

ORDERS = 3_400
SEED = 11
"""A stream of that seed and size fills 33 or 34 days, by where in the year it begins."""

Ask = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture(scope="session")
def new_database(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Generator[Callable[[], Settings]]:
    """Makes migrated, empty databases, and settings for them and topics that are not there yet."""
    made: list[str] = []

    def execute(statement: str, name: str) -> None:
        with closing(connect(settings, Role.OWNER, application="tests")) as owner:
            owner.autocommit = True
            with owner.cursor() as cursor:
                cursor.execute(sql.SQL(statement).format(sql.Identifier(name)))

    def make() -> Settings:
        name = f"jobs_{uuid4().hex}"
        made.append(name)
        execute("create database {}", name)
        own = settings.model_copy(
            update={
                "postgres_db": name,
                "fraud_home": tmp_path_factory.mktemp("home"),
                "kafka_topic_transactions": name,
                "kafka_topic_labels": f"{name}-labels",
                "kafka_topic_flagged": f"{name}-flagged",
                "kafka_topic_dead_letter": f"{name}-dead-letter",
                "kafka_topic_replay": f"{name}-replay",
            }
        )
        migrate(own)
        return own

    yield make
    for name in made:
        execute("drop database {}", name)


@pytest.fixture
def database(new_database: Callable[[], Settings]) -> Database:
    return Database(new_database())


@pytest.fixture(scope="session")
def platform(new_database: Callable[[], Settings]) -> Settings:
    """Settings of a platform where every order has landed and every model is built."""
    own = new_database()
    make_topics(own.bootstrap_servers(), own.topics, own.kafka_partitions)
    begins = datetime.combine(datetime.now(UTC) - timedelta(days=35), time(), UTC)
    produce_simulation(Wishes(orders=ORDERS, seed=SEED, start=begins), KafkaSink(own))
    until_caught_up(own)
    result = build(own, data_tests=False)
    assert result.is_good, result.problems
    return own


@pytest.fixture(scope="session")
def ask(platform: Settings) -> Ask:
    """Run a statement as a role and return its rows."""

    def run(statement: str, *parameters: Any, role: Role = Role.DBT) -> list[tuple[Any, ...]]:
        with (
            closing(connect(platform, role, application="tests")) as connection,
            connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(statement, parameters or None)
            return cursor.fetchall() if cursor.description else []

    return run
