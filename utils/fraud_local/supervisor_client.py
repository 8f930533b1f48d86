"""Talks to our supervisord over its unix socket, and starts it when it is not there."""

import hashlib
import http.client
import os
import socket
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fraud_core.errors import StackError
from fraud_local.private_folder import private_folder

_ANSWER_S = 10
_START_S = 20
_STOP_S = 60
"""All programs at the same time, each killed after its `stop_seconds`, of which 30 is the most."""
_END_S = 180
"""A supervisord that was told to end stops one program after the other."""
_STEP_S = 0.1

Fault = xmlrpc.client.Fault
ENDING = 6
NOT_RUNNING = 70
ALREADY_STARTED = 60


class SupervisorGoneError(StackError):
    """It ends, or has ended since it was asked last."""


@dataclass(frozen=True)
class ProcessInfo:
    """What supervisord says of one program; times are seconds since 1970."""

    name: str
    state: str
    pid: int
    started_at: float
    uptime_s: float
    restarts: int
    problem: str

    @property
    def runs(self) -> bool:
        """Whether it is up, longer than it needs to count as started."""
        return self.state == "RUNNING"


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=_ANSWER_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class _Transport(xmlrpc.client.Transport):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: Any) -> _Connection:  # noqa: ARG002 - the socket says where
        return _Connection(self._path)


class SupervisorClient:
    """One supervisord, found by its socket. Every method may be called from any thread."""

    def __init__(self, socket_path: Path, config: Path, log: Path) -> None:
        self._socket = socket_path
        self._config = config
        self._log = log

    def _ask(self, method: str, *arguments: Any) -> Any:
        with xmlrpc.client.ServerProxy("http://localhost", transport=_Transport(self._socket)) as s:
            return getattr(s, method)(*arguments)

    def _call(self, method: str, *arguments: Any) -> Any:
        """Its answer, or a Fault that says what it refuses; what keeps it silent is ours to say."""
        try:
            return self._ask(method, *arguments)
        except Fault as fault:
            if fault.faultCode != ENDING:
                raise
            raise SupervisorGoneError(self._gone("is ending")) from fault
        except TimeoutError as error:
            raise StackError(
                f"supervisord does not answer within {_ANSWER_S} s, see {self._log}: try again, or "
                "stop everything with `fraud down`"
            ) from error
        except (OSError, http.client.HTTPException) as error:
            raise SupervisorGoneError(self._gone("has ended")) from error

    def _gone(self, what: str) -> str:
        return f"supervisord {what}, see {self._log}: start it again with `fraud up`"

    def is_alive(self) -> bool:
        """Whether it answers, and is not about to end."""
        try:
            self._ask("supervisor.getState")
        except (Fault, OSError, http.client.HTTPException):
            return False
        return True

    def wait_while_ending(self) -> None:
        """Give one that was told to end the time to stop its programs, of which each may need some.

        Returns at once when none runs or none was told so, and after 180 s whatever it does.
        """
        give_up = time.monotonic() + _END_S
        while self._is_ending() and time.monotonic() < give_up:
            time.sleep(_STEP_S)

    def _is_ending(self) -> bool:
        try:
            self._ask("supervisor.getState")
        except Fault as fault:
            return fault.faultCode == ENDING
        except (OSError, http.client.HTTPException):
            return False
        return False

    def start(self, environment: Mapping[str, str]) -> int:
        """Start it in a session of its own, wait until it answers, and return its process id."""
        command = [sys.executable, "-m", "supervisor.supervisord", "--nodaemon"]
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                [*command, "--configuration", self._config],
                env=dict(environment),
                cwd="/",
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        give_up = time.monotonic() + _START_S
        while not self.is_alive():
            if process.poll() is not None or time.monotonic() > give_up:
                process.kill()
                raise StackError(f"supervisord does not start, see {self._log}")
            time.sleep(0.05)
        return process.pid

    def reload(self) -> None:
        """Take over a changed configuration: changed programs stop, vanished ones go."""
        try:
            added, changed, removed = self._call("supervisor.reloadConfig")[0]
            # Its own call that waits answers after all that time, and we do not listen so long.
            self.stop_programs([*changed, *removed])
            for name in [*changed, *removed]:
                self._call("supervisor.removeProcessGroup", name)
            for name in [*added, *changed]:
                self._call("supervisor.addProcessGroup", name)
        except Fault as fault:
            raise StackError(
                f"supervisord does not take over {self._config}: {fault.faultString}; `fraud down` "
                "and `fraud up` start it afresh"
            ) from fault

    def start_program(self, name: str) -> None:
        """Ask for a start, without waiting; one that runs already stays as it is."""
        try:
            self._call("supervisor.startProcess", name, False)
        except Fault as fault:
            if fault.faultCode != ALREADY_STARTED:
                raise StackError(f"{name} cannot be started: {fault.faultString}") from fault

    def stop_programs(self, names: list[str]) -> None:
        """Stop all of these at the same time and wait for the last one.

        Raises StackError when one does not stop, though it is killed in the end.
        """
        for name in names:
            try:
                self._call("supervisor.stopProcess", name, False)
            except Fault as fault:
                if fault.faultCode != NOT_RUNNING:
                    raise StackError(f"{name} cannot be stopped: {fault.faultString}") from fault
        give_up = time.monotonic() + _STOP_S
        while stopping := self._stopping(names):
            if time.monotonic() > give_up:
                raise StackError(
                    f"{', '.join(stopping)} did not stop within {_STOP_S} s, nor when killed: "
                    f"see {self._log}, and end what is left with `kill -9`"
                )
            time.sleep(_STEP_S)

    def _stopping(self, names: list[str]) -> list[str]:
        """Those of `names` that are about to stop, with their process ids."""
        if not names:
            return []
        return [
            f"{info.name} (process {info.pid})"
            for info in self.programs()
            if info.name in names and info.state == "STOPPING"
        ]

    def programs(self) -> list[ProcessInfo]:
        """Every program that it looks after."""
        restarts = self._call("fraud.restarts")
        return [_info(entry, restarts) for entry in self._call("supervisor.getAllProcessInfo")]

    def program(self, name: str) -> ProcessInfo:
        """One of them."""
        return next(info for info in self.programs() if info.name == name)

    def shut_down(self) -> None:
        """Ask it to stop what still runs, and to end."""
        self._call("supervisor.shutdown")


def _info(entry: dict[str, Any], restarts: Mapping[str, int]) -> ProcessInfo:
    runs = entry["statename"] in {"RUNNING", "STARTING", "STOPPING"}
    return ProcessInfo(
        name=entry["name"],
        state=entry["statename"],
        pid=entry["pid"],
        started_at=float(entry["start"]),
        uptime_s=float(entry["now"] - entry["start"]) if runs else 0.0,
        restarts=restarts.get(entry["name"], 0),
        problem=entry["spawnerr"],
    )


def socket_path(run: Path, root: Path) -> Path:
    """In the state folder, or, where that path is too long for a socket, in a short one.

    supervisord appends its process id while it makes the socket; the limit is 104 bytes on macOS.
    """
    preferred = run / "supervisor.sock"
    if len(os.fsencode(preferred)) <= _LONGEST_PATH:
        return preferred
    name = hashlib.sha256(os.fsencode(root)).hexdigest()[:12]
    return private_folder(f"fraud-{os.geteuid()}-{name}") / "supervisor.sock"


_LONGEST_PATH = 90
