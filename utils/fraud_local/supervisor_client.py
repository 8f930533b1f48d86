"""Talks to our supervisord over its unix socket, and starts it when it is not there."""

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

_ANSWER_S = 10
_START_S = 20

Fault = xmlrpc.client.Fault
NOT_RUNNING = 70
ALREADY_STARTED = 60


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

    def _call(self, method: str, *arguments: Any) -> Any:
        with xmlrpc.client.ServerProxy("http://localhost", transport=_Transport(self._socket)) as s:
            return getattr(s, method)(*arguments)

    def is_alive(self) -> bool:
        """Whether it answers."""
        try:
            self._call("supervisor.getState")
        except (OSError, http.client.HTTPException):
            return False
        return True

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
        added, changed, removed = self._call("supervisor.reloadConfig")[0]
        for name in [*changed, *removed]:
            self._call("supervisor.stopProcessGroup", name)
            self._call("supervisor.removeProcessGroup", name)
        for name in [*added, *changed]:
            self._call("supervisor.addProcessGroup", name)

    def start_program(self, name: str) -> None:
        """Ask for a start, without waiting; one that runs already stays as it is."""
        try:
            self._call("supervisor.startProcess", name, False)
        except Fault as fault:
            if fault.faultCode != ALREADY_STARTED:
                raise StackError(f"{name} cannot be started: {fault.faultString}") from fault

    def stop_programs(self, names: list[str]) -> None:
        """Stop all of these at the same time and wait for the last one."""
        for name in names:
            try:
                self._call("supervisor.stopProcess", name, False)
            except Fault as fault:
                if fault.faultCode != NOT_RUNNING:
                    raise StackError(f"{name} cannot be stopped: {fault.faultString}") from fault
        while any(info.state == "STOPPING" for info in self.programs() if info.name in names):
            time.sleep(0.1)

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
    return _short_folder(root) / "supervisor.sock"


_LONGEST_PATH = 90


def _short_folder(root: Path) -> Path:
    import hashlib
    import tempfile

    name = hashlib.sha256(os.fsencode(root)).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"fraud-{os.geteuid()}-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if folder.is_symlink() or status.st_uid != os.geteuid() or status.st_mode & 0o077:
        raise StackError(f"{folder} is not ours alone: remove it")
    return folder
