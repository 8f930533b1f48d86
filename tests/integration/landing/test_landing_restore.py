"""A lost database that is restored from a backup goes on from Kafka: nothing lost or doubled."""

import os
import subprocess
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from uuid import uuid4

import pytest
from delivery_support import arrived
from landing_support import Ledger, Publish, StartConsumer, eventually, order
from psycopg2 import sql
from role_rights import role_rights

from fraud_core.alerts import EVENT_ID
from fraud_core.database import connect
from fraud_core.migrations import migrate
from fraud_core.settings import REPOSITORY, Role, Settings
from fraud_local import env_file
from fraud_local.account import unprivileged_account
from fraud_local.landed import partition_accounts, require_complete
from fraud_local.postgres import SUPERUSER
from fraud_local.postgres_binaries import find_binaries
from fraud_local.topics import make_topics
from fraud_stream.consumer.catch_up import until_caught_up

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

DUMP = ("pg_dump", "--format=custom")
RESTORE = ("pg_restore", "--create", "--exit-on-error")
CHUNK = 100

Run = Callable[..., bytes]


@pytest.fixture
def own(stream_settings: Settings) -> Generator[Settings]:
    """The stream lands in a migrated database of its own, in small batches."""
    changes = {"consumer_batch_rows": 50, "consumer_lease_seconds": 2}
    own = stream_settings.model_copy(update={"postgres_db": f"restore_{uuid4().hex}", **changes})
    make_topics(own.bootstrap_servers(), [own.kafka_topic_labels], 1)
    named = sql.Identifier(own.postgres_db)
    with closing(connect(stream_settings, Role.OWNER, application="tests")) as owner:
        owner.autocommit = True
        owner.cursor().execute(sql.SQL("create database {}").format(named))
        migrate(own)
        yield own
        owner.cursor().execute(sql.SQL("drop database if exists {}").format(named))


@pytest.fixture
def run(own: Settings) -> Run:
    """Runs one of Postgres's own programs as the superuser, and returns what it writes."""
    password = env_file.read(own.fraud_home / "env").get(env_file.SUPERUSER_PASSWORD)
    if password is None:
        pytest.skip("a server that others keep: its superuser's password is not ours to know")
    folder = find_binaries(own.fraud_home / "no-cluster", unprivileged_account()).folder

    def run(program: str, *arguments: str, given: bytes = b"") -> bytes:
        done = subprocess.run(
            [folder / program, *arguments],
            env={
                **os.environ,
                "PGHOST": str(own.postgres_host),
                "PGPORT": str(own.postgres_port),
                "PGUSER": SUPERUSER,
                "PGPASSWORD": password,
            },
            input=given,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    return run


class Load:
    """Orders that keep coming until it is stopped, some of them twice, and some that are none."""

    def __init__(self, publish: Publish) -> None:
        self.sent = 0
        self._publish = publish
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Load":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        first = 0
        while not self._stop.wait(0.1):
            self.sent += self._publish(messages(first))
            first += CHUNK


def messages(first: int) -> Iterator[tuple[int, bytes]]:
    for n in range(first, first + CHUNK):
        yield n % 10 % 6, order(n)
        if n % 50 == 0:
            yield n % 10 % 6, b"not an order"
        if n % 40 == 0:
            yield n % 10 % 6, order(n)


def test_a_backup_taken_under_load_is_restored_and_catches_up_with_nothing_lost_or_doubled(
    own: Settings, publish: Publish, start_consumer: StartConsumer, run: Run
) -> None:
    ledger = Ledger(own)
    with Load(publish) as load:
        consumer = start_consumer(own)
        eventually("orders land", lambda: ledger.landed() > CHUNK)
        backup = run(*DUMP, own.postgres_db)
        at_backup = ledger.landed()
        eventually("more land after the backup", lambda: ledger.landed() > at_backup + CHUNK)
        rights_before = rights(own)

        consumer.end()
        lost = ledger.landed()
        run("dropdb", "--force", own.postgres_db)
        run(*RESTORE, "--dbname=postgres", given=backup)

        assert migrate(own) == []
        assert rights(own) == rights_before
        restored = ledger.landed()
        assert 0 < restored < lost
        start_consumer(own)
        eventually("landing goes on", lambda: ledger.landed() > restored)
    until_caught_up(own)

    assert len(ledger.coordinates()) == len(set(ledger.coordinates())) == load.sent
    landed = require_complete(partition_accounts(own))
    assert landed.orders + landed.duplicates + landed.dead_letters == load.sent
    assert ledger.value("select count(distinct transaction_id) from raw.transaction_decisions") == (
        landed.orders
    )
    assert_sent_on(own, ledger)


def rights(settings: Settings) -> list[str]:
    with closing(connect(settings, Role.OWNER, application="tests")) as owner:
        return role_rights(owner, settings)


def assert_sent_on(settings: Settings, ledger: Ledger) -> None:
    """Every alert and dead letter, once or again, each time under the id that it had."""
    flagged = place_of("raw.transaction_decisions join raw.transactions_stream using (ingest_id)")
    wanted = {
        settings.kafka_topic_flagged: f"{flagged} where outcome <> 'approve'",
        settings.kafka_topic_dead_letter: place_of("raw.dead_letters"),
    }
    for topic, query in wanted.items():
        ids = {place for (place,) in ledger.rows(query)}
        eventually(
            f"everything is on {topic}",
            lambda topic=topic, ids=ids: event_ids(settings, topic) >= ids,
        )


def place_of(tables: str) -> str:
    return f"select concat_ws('/', topic, kafka_partition, kafka_offset) from {tables}"


def event_ids(settings: Settings, topic: str) -> set[str]:
    headers = [
        header for message in arrived(settings, topic, 0) for header in message.headers() or ()
    ]
    return {
        value.decode() for name, value in headers if name == EVENT_ID and isinstance(value, bytes)
    }


def test_the_operators_are_told_these_very_commands() -> None:
    told = (REPOSITORY / "docs/deployment.md").read_text()

    for words in (DUMP, RESTORE):
        assert " ".join(words) in told
