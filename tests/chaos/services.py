"""A broker and a Postgres server as children that can be killed, frozen and brought back at will.

They are those of the embedded stack, but without its supervisor, which would start again at once
what is to stay down for a while.
"""

import os
import pwd
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from fraud_local import jars, topics
from fraud_local.account import unprivileged_account
from fraud_local.java import find_java
from fraud_local.kafka import Kafka, new_cluster_id
from fraud_local.postgres import Postgres
from fraud_local.program import Program

UP_SECONDS = 180.0
"""Far more than it takes anywhere; only what never happens takes as long."""

LOOK_EVERY_SECONDS = 0.05


class StuckError(Exception):
    """Something that had to happen did not, for as long as anybody would wait."""


def wait_until(what: str, condition: Callable[[], bool], seconds: float = UP_SECONDS) -> float:
    """Seconds that it took. Raises StuckError naming `what`."""
    since = time.monotonic()
    while not condition():
        if time.monotonic() - since > seconds:
            raise StuckError(f"not within {seconds:g} s: {what}")
        time.sleep(LOOK_EVERY_SECONDS)
    return time.monotonic() - since


class Service:
    """One server process with its children; every method may be called in any state."""

    def __init__(
        self, program: Program, answers: Callable[[], bool], environment: Mapping[str, str]
    ) -> None:
        self.name = program.name
        self._program = program
        self._answers = answers
        self._environment = {**os.environ, **environment}
        self._process: subprocess.Popen[bytes] | None = None
        self._log = program.directory.with_name(f"{program.name}.log")

    def start(self) -> None:
        """Have it run; does not wait until it answers."""
        if self._process is not None and self._process.poll() is None:
            return
        account = pwd.getpwnam(self._program.user) if self._program.user else None
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                self._program.command,
                cwd=self._program.directory,
                env=self._environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=account.pw_uid if account else None,
                group=account.pw_gid if account else None,
                extra_groups=[] if account else None,
            )

    def revive(self) -> None:
        """Whatever was done to it: it runs and answers when this returns."""
        self.thaw()

        def up() -> bool:
            self.start()
            return self._answers()

        wait_until(f"{self.name} is up", up)

    def kill(self) -> None:
        """SIGKILL to all of it, without a word to its clients but those of the kernel."""
        self._send(signal.SIGKILL)
        self._wait()

    def quit(self, number: signal.Signals) -> None:
        """Ask the main process to end, and wait for that."""
        self.thaw()
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)
            self._wait()

    def freeze(self) -> None:
        """It keeps its connections and answers nothing."""
        self._send(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on after a freeze."""
        self._send(signal.SIGCONT)

    def stop(self) -> None:
        """For good, as cleanly as it can."""
        self.quit(signal.Signals[f"SIG{self._program.stop_signal}"])

    def _send(self, number: signal.Signals) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        with suppress(psutil.NoSuchProcess):
            main = psutil.Process(self._process.pid)
            for process in (main, *main.children(recursive=True)):
                with suppress(psutil.NoSuchProcess):
                    process.send_signal(number)

    def _wait(self) -> None:
        assert self._process is not None
        try:
            self._process.wait(self._program.stop_seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def broker(folder: Path, ports: Mapping[str, int], advertised: int) -> Service:
    """A broker whose listener `kafka-outside` tells clients to come by the port `advertised`.

    Its other listener is for who looks on.
    """
    lock = jars.LOCK_FILE.read_text()
    jar_folder = jars.cache_folder(lock)
    jars.ensure_jars(jars.read_lock(lock), jar_folder, lambda _there, _all: None)
    kafka = Kafka(folder, jar_folder, find_java(), ports)
    kafka.prepare(new_cluster_id())
    with (folder / "server.properties").open("a") as properties:
        properties.write(_outside_listener(ports, advertised))
    return Service(kafka.program(), lambda: topics.answers(kafka.address), {})


def _outside_listener(ports: Mapping[str, int], advertised: int) -> str:
    """Of two lines for one property the later counts."""
    inside, host = f"BROKER://127.0.0.1:{ports['kafka']}", "127.0.0.1"
    controller = f"CONTROLLER://{host}:{ports['kafka-controller']}"
    return (
        f"listeners={inside},{controller},OUTSIDE://{host}:{ports['kafka-outside']}\n"
        f"advertised.listeners={inside},OUTSIDE://{host}:{advertised}\n"
        "listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT,OUTSIDE:PLAINTEXT\n"
    )


def postgres(
    home: Path, port: int, password: str, environment: Mapping[str, str]
) -> tuple[Service, Postgres]:
    """A server with little WAL to keep, so that a small disk holds it."""
    server = Postgres(home, port, unprivileged_account())
    server.prepare(password)
    with (home / "data" / "postgresql.conf").open("a") as configuration:
        configuration.write("max_wal_size = '256MB'\nmin_wal_size = '64MB'\n")
    return Service(server.program(), lambda: server.answers(password), environment), server
