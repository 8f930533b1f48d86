"""Consumers as processes, kept alive as a supervisor would: one scores, the others wait."""

import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import psycopg2

from fraud_core.database import connect
from fraud_core.settings import REPOSITORY, Role, Settings
from tests.support.landing_support import environment

END_SECONDS = 60.0


class ConsumerProcess:
    """`fraud consume`; `forgiven` once we did something to it that may end it."""

    def __init__(self, settings: Settings, variables: Mapping[str, str], log: Path) -> None:
        self.log = log
        self.forgiven = False
        with log.open("ab") as output:
            self._log_begins = output.tell()
            self._process = subprocess.Popen(
                [Path(sys.executable).with_name("fraud"), "consume"],
                env={**environment(settings), **variables},
                cwd=REPOSITORY,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        return self._process.poll()

    def said(self) -> str:
        """Its own part of the log, which is that of its namesakes in earlier runs too.

        A consumer that has said nothing still loads its code; a signal ends it as any program then.
        """
        return self.log.read_bytes()[self._log_begins :].decode(errors="replace")

    def send(self, number: signal.Signals) -> None:
        if self.exit_code is None:
            self._process.send_signal(number)

    def end_by(self, number: signal.Signals) -> int:
        """Its exit code."""
        self.ask_to_end(number)
        return self.wait()

    def ask_to_end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Whether it is frozen or not."""
        self.forgiven = True
        self.send(number)
        self.send(signal.SIGCONT)

    def wait(self) -> int:
        """Its exit code; killed when it does not end."""
        try:
            return self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()


class Crew:
    """So many consumers. One that ends by itself is a defect: `crashes` says how they ended."""

    def __init__(
        self, settings: Settings, direct: Settings, variables: Mapping[str, str], logs: Path
    ) -> None:
        self.crashes: list[str] = []
        self.size = 0
        self._settings = settings
        self._direct = direct
        self._variables = variables
        self._logs = logs
        self._started = 0
        self._members: list[ConsumerProcess] = []

    def tend(self) -> None:
        """Replace who has ended, and add or take away until there are `size`."""
        for member in [member for member in self._members if member.exit_code is not None]:
            self._members.remove(member)
            if not member.forgiven:
                self.crashes.append(_last_words(member))
        while len(self._members) > self.size:
            self._members.pop().end_by(signal.SIGTERM)
        while len(self._members) < self.size:
            self._members.append(self._start())

    def active(self) -> ConsumerProcess | None:
        """Who holds the lease, if that is one of us; None also while Postgres cannot be asked."""
        try:
            pid = self._holder_pid()
        except psycopg2.Error:
            return None
        return next((member for member in self._members if member.pid == pid), None)

    def members(self) -> list[ConsumerProcess]:
        """Whoever lives."""
        return list(self._members)

    def end(self) -> None:
        """All of them; whoever does not leave by itself when asked has crashed."""
        self.tend()
        members, self.size = self._members, 0
        self._members = []
        for member in members:
            member.ask_to_end()
        for member in members:
            code = member.wait()
            if code and (code != -signal.SIGTERM or member.said()):
                self.crashes.append(f"asked to stop, ended with {code}: {_last_words(member)}")

    def _start(self) -> ConsumerProcess:
        self._started += 1
        log = self._logs / f"consumer-{self._started}.log"
        return ConsumerProcess(self._settings, self._variables, log)

    def _holder_pid(self) -> int:
        """A holder's name is scorer-<host>-<pid>-<token>."""
        connection = connect(self._direct, Role.OWNER, application="chaos")
        try:
            with connection.cursor() as cursor:
                cursor.execute("select coalesce(max(holder), '') from raw.scorer_lease")
                parts = str((cursor.fetchone() or ("",))[0]).split("-")
        finally:
            connection.close()
        return int(parts[-2]) if len(parts) > 2 else 0


def _last_words(member: ConsumerProcess) -> str:
    lines = member.said().splitlines()
    return f"exit code {member.exit_code}, {member.log}: {' | '.join(lines[-4:])}"
