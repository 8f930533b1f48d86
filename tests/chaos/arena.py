"""The place where it happens: a broker, a server, proxies before both, small disks, clocks.

Everything lives in one folder and on ports of its own and is gone after `close`.
"""

import secrets
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Self

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class
from pydantic import SecretStr

from fraud_core.database import connect
from fraud_core.migrations import migrate
from fraud_core.settings import Role, Settings, load_settings
from fraud_local.env_file import PASSWORDS
from fraud_local.ports import LOOPBACK
from fraud_local.topics import make_topics
from tests.chaos.clock import Clock, build_shifted_clock
from tests.chaos.crew import ConsumerProcess, Crew
from tests.chaos.disk import Disk
from tests.chaos.postgres_wire import Cuts
from tests.chaos.proxy import Proxy
from tests.chaos.services import broker, postgres, wait_until
from tests.support.free_ports import free_ports

LEASE_SECONDS = 3
BATCH_ROWS = 500
"""Shorter and smaller than a user's, so that more happens in the same time."""


class Arena:
    """Started when made. Consumers come through the proxies; who looks on does not."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="fraud-chaos-"))
        self.home.chmod(0o711)
        for name in ("kafka", "postgres", "logs"):
            (self.home / name).mkdir(mode=0o711)
        self.kafka_disk = Disk(self.home / "kafka")
        self.postgres_disk = Disk(self.home / "postgres")
        library = build_shifted_clock(self.home)
        self.has_clocks = library is not None
        self.consumer_clock = Clock(library, self.home / "consumer.clock")
        self.server_clock = Clock(library, self.home / "server.clock")
        ports = free_ports("kafka", "kafka-controller", "kafka-outside", "postgres")
        self.cuts = Cuts()
        self.kafka_proxy = Proxy(ports["kafka-outside"])
        self.postgres_proxy = Proxy(ports["postgres"], self.cuts)
        self._superuser_password = secrets.token_hex()
        self.broker = broker(self.home / "kafka", ports, self.kafka_proxy.port)
        self.server, self._postgres = postgres(
            self.home / "postgres",
            ports["postgres"],
            self._superuser_password,
            self.server_clock.variables,
        )
        self._settings = _settings(self.home, ports)
        self.crew = Crew(self._settings, self._settings, {}, self.home / "logs")
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def begin(self, name: str, **changes: object) -> Settings:
        """Topics of a run's own and empty tables; the settings for who looks on."""
        topics = {
            field: f"{getattr(self._settings, field)}-{name}"
            for field in Settings.model_fields
            if field.startswith("kafka_topic_")
        }
        fast = {"consumer_lease_seconds": LEASE_SECONDS, "consumer_batch_rows": BATCH_ROWS}
        direct = self._settings.model_copy(update={**topics, **fast, **changes})
        make_topics(direct.bootstrap_servers(), topics.values(), direct.kafka_partitions)
        self._empty_tables()
        self.cuts.armed.clear()
        self.crew = Crew(
            self._through_proxies(direct), direct, self.consumer_clock.variables, self.home / "logs"
        )
        return direct

    def owner(self) -> Connection:
        """A new connection past the proxy."""
        return connect(self._settings, Role.OWNER, application="chaos")

    def end_sessions(self) -> None:
        """pg_terminate_backend for every consumer; nothing happens while the server is away."""
        with suppress(psycopg2.Error):
            connection = self._postgres.connect(self._superuser_password)
            with connection, connection.cursor() as cursor:
                cursor.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity where usename = %s",
                    (self._settings.consumer_user,),
                )
            connection.close()

    def let_lease_run_out(self) -> None:
        """Its holder has not heard of it; nothing happens while the server is away."""
        with suppress(psycopg2.Error):
            connection = self.owner()
            with connection, connection.cursor() as cursor:
                cursor.execute(
                    "update raw.scorer_lease set expires_at = now() - interval '1 second'"
                )
            connection.close()

    def tend(self) -> None:
        """Start again what has ended, as a supervisor would; not while it is to stay down."""
        self.crew.tend()
        self.broker.start()
        self.server.start()

    def await_consumers(self, count: int) -> None:
        """So many of them, all of which are in touch with Postgres."""
        self.crew.size = count

        def ready() -> bool:
            self.crew.tend()
            return self._sessions_of_consumers() == count

        wait_until(f"{count} consumers are there", ready)

    def active_consumer(self) -> ConsumerProcess:
        """The one that scores."""
        wait_until("somebody scores", lambda: self.crew.active() is not None)
        found = self.crew.active()
        assert found
        return found

    def _sessions_of_consumers(self) -> int:
        query = (
            "select count(distinct application_name) from pg_stat_activity "
            "where usename = %s and application_name like 'scorer-%%'"
        )
        superuser = self._postgres.connect(self._superuser_password)
        with closing(superuser) as connection, connection.cursor() as cursor:
            cursor.execute(query, (self._settings.consumer_user,))
            return (cursor.fetchone() or (0,))[0]

    def await_landing(self, what: str) -> float:
        """Seconds until armed cuts are made and a batch has landed after that.

        Consumers are replaced as they end. Raises StuckError.
        """
        seen = self.cuts.landings

        def landed() -> bool:
            nonlocal seen
            self.tend()
            if self.cuts.armed:
                seen = self.cuts.landings
            return self.cuts.landings > seen

        return wait_until(f"landing {what}", landed)

    def last_words(self) -> str:
        """The ends of all logs."""
        logs = [*sorted(self.home.glob("*.log")), *sorted((self.home / "logs").glob("*.log"))[-4:]]
        return "\n".join(f"{log.name}: {log.read_text(errors='replace')[-1500:]}" for log in logs)

    def close(self) -> None:
        """End everything and delete it."""
        self.crew.end()
        for service in (self.broker, self.server):
            service.thaw()
            service.kill()
        for proxy in (self.kafka_proxy, self.postgres_proxy):
            proxy.close()
        for disk in (self.kafka_disk, self.postgres_disk):
            disk.remove()
        shutil.rmtree(self.home)

    def _start(self) -> None:
        self.broker.start()
        self.server.revive()
        self._postgres.make_owner(self._settings, self._superuser_password)
        migrate(self._settings)
        self.broker.revive()

    def _through_proxies(self, direct: Settings) -> Settings:
        return direct.model_copy(
            update={
                "kafka_bootstrap_servers": f"{LOOPBACK}:{self.kafka_proxy.port}",
                "postgres_port": self.postgres_proxy.port,
            }
        )

    def _empty_tables(self) -> None:
        connection = self.owner()
        with connection, connection.cursor() as cursor:
            cursor.execute("select tablename from pg_tables where schemaname = 'raw'")
            tables = [sql.Identifier("raw", name) for (name,) in cursor.fetchall()]
            cursor.execute(
                sql.SQL("truncate {} restart identity").format(sql.SQL(", ").join(tables))
            )
        connection.close()


def _settings(home: Path, ports: Mapping[str, int]) -> Settings:
    """Of an empty state folder, so that no running stack is meant; a password for everybody."""
    given = load_settings(
        fraud_home=home,
        kafka_bootstrap_servers=f"{LOOPBACK}:{ports['kafka']}",
        postgres_host=LOOPBACK,
        postgres_port=ports["postgres"],
    )
    passwords = {name: SecretStr(secrets.token_hex()) for name in PASSWORDS}
    return given.model_copy(update=passwords)
