"""The folder that holds everything the embedded stack keeps: state, logs, secrets, data."""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from fraud_core.errors import SettingsError, StackError


class Memory(msgspec.Struct, kw_only=True):
    """What one `fraud` command leaves for the next, beside the secrets."""

    ports: dict[str, int] = {}
    own_addresses: list[str] = []
    """Every address that a part of this stack ever had. A shell that evaluated `fraud env` has
    them in its environment, which must not be taken for somebody else's broker or server."""
    kafka_cluster_id: str | None = None
    postgres_home: str | None = None
    session: int | None = None
    """The supervisor's session id; whoever is still in it after the supervisor's death is left
    over."""
    session_started: float = 0.0


class StateFolder:
    """Paths under one folder, made on first use, closed to other users."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.env_file = self.root / "env"
        self.logs = self.root / "logs"
        self.run = self.root / "run"
        self.kafka = self.root / "kafka"
        self.airflow = self.root / "airflow"
        self.postgres = self.root / "postgres"
        self.dbt = self.root / "dbt"
        self.exports = self.root / "exports"
        self._memory = self.root / "memory.json"
        self._lock = self.root / "lock"

    def make(self) -> None:
        """Make the folders. Started by root, Postgres's own user must be able to pass through.

        Raises SettingsError when the root cannot be a folder.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, FileNotFoundError, NotADirectoryError) as error:
            raise SettingsError(
                f"FRAUD_HOME: {self.root} cannot be made a folder ({error.strerror}): name another "
                "place, or leave it unset"
            ) from error
        self.root.chmod(0o711 if os.geteuid() == 0 else 0o700)
        for folder in (self.logs, self.run, self.kafka, self.airflow, self.dbt, self.exports):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o700)

    def recall(self) -> Memory:
        """What was remembered, or nothing on the first run."""
        try:
            return msgspec.json.decode(self._memory.read_bytes(), type=Memory)
        except FileNotFoundError:
            return Memory()
        except msgspec.DecodeError as error:
            raise StackError(
                f"{self._memory} is not readable ({error}), and without it nobody knows which data "
                f"are this stack's: mend it, or end what runs and delete {self.root}, data and all"
            ) from error

    def remember(self, memory: Memory) -> None:
        """Keep `memory` for the next command, whole or not at all."""
        write_private(self._memory, msgspec.json.format(msgspec.json.encode(memory)).decode())

    @contextmanager
    def locked(self) -> Generator[None]:
        """Only one `up` or `down` at a time works on this folder; the others wait."""
        # Closed to others as well: whoever can open it can hold it.
        with os.fdopen(os.open(self._lock, os.O_WRONLY | os.O_CREAT, 0o600), "w") as lock:
            os.fchmod(lock.fileno(), 0o600)
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())  # or a power cut leaves the name without the text
    fresh.replace(path)
