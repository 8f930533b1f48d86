"""Consumers as processes, kept alive as a supervisor would: one scores, the others wait."""

import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import psycopg2

from fraud_core.database import connect
from fraud_core.settings import REPOSITORY, Role, Settings
from tests.support.landing_support import environment

END_SECONDS = 60.0


CONSUME = (str(Path(sys.executable).with_name("fraud")), "consume")


class ConsumerProcess:
    """One consumer, that remembers which signals it was sent."""

    def __init__(self, command: Sequence[str], variables: Mapping[str, str], log: Path) -> None:
        self.log = log
        self._sent: set[signal.Signals] = set()
        with log.open("ab") as output:
            self._log_begins = output.tell()
            self._process = subprocess.Popen(
                command,
                env=variables,
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
        """Its own part of the log, which is that of its namesakes in earlier runs too."""
        return self.log.read_bytes()[self._log_begins :].decode(errors="replace")

    def send(self, number: signal.Signals) -> None:
        if self.exit_code is None:
            self._sent.add(number)
            self._process.send_signal(number)

    def end_by(self, number: signal.Signals) -> int:
        """Its exit code."""
        self.ask_to_end(number)
        return self.wait()

    def ask_to_end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Whether it is frozen or not."""
        self.send(number)
        self.send(signal.SIGCONT)

    def wait(self) -> int:
        """Its exit code; killed when it does not end."""
        try:
            return self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    @property
    def has_crashed(self) -> bool:
        """Ended, and not as we made it end: killed, or with 0 when asked.

        A consumer that has said nothing still loads its code; a signal ends it as any program then.
        """
        code = self.exit_code
        if code is None:
            return False
        if code == -signal.SIGKILL:
            return signal.SIGKILL not in self._sent
        is_good = code == 0 or (code == -signal.SIGTERM and not self.said())
        return not is_good or signal.SIGTERM not in self._sent

    def last_words(self) -> str:
        """How it ended, in words."""
        signals = " and ".join(sorted(number.name for number in self._sent)) or "no signal"
        lines = " | ".join(self.said().splitlines()[-4:])
        return f"exit code {self.exit_code} after {signals}, {self.log}: {lines}"


class Crew:
    """So many consumers. One that ends by itself is a defect: `crashes` says how they ended."""

    def __init__(
        self,
        settings: Settings,
        direct: Settings,
        variables: Mapping[str, str],
        logs: Path,
        command: Sequence[str] = CONSUME,
    ) -> None:
        self.crashes: list[str] = []
        self.size = 0
        self._settings = settings
        self._direct = direct
        self._variables = variables
        self._logs = logs
        self._command = command
        self._started = 0
        self._members: list[ConsumerProcess] = []

    def tend(self) -> None:
        """Replace who has ended, and add or take away until there are `size`."""
        for member in [member for member in self._members if member.exit_code is not None]:
            self._members.remove(member)
            self._judge(member)
        while len(self._members) > self.size:
            member = self._members.pop()
            member.end_by(signal.SIGTERM)
            self._judge(member)
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
            member.wait()
            self._judge(member)

    def _judge(self, member: ConsumerProcess) -> None:
        if member.has_crashed:
            self.crashes.append(member.last_words())

    def _start(self) -> ConsumerProcess:
        self._started += 1
        log = self._logs / f"consumer-{self._started}.log"
        variables = {**environment(self._settings), **self._variables}
        return ConsumerProcess(self._command, variables, log)

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
