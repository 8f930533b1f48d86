"""Which loopback ports the embedded parts use: the usual ones, or the next that are free."""

import fcntl
import os
import socket
from collections.abc import Callable, Container, Generator, Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec
import psutil

from fraud_core.errors import StackError
from fraud_local.private_folder import make_private, private_folder
from fraud_local.state import write_private

LOOPBACK = "127.0.0.1"
"""The only address that anything of the embedded stack listens on."""

USUAL = {
    "kafka": 9092,
    "kafka-controller": 9093,
    "postgres": 5432,
    "airflow": 8080,
    "consumer": 9464,
}
"""What each part listens on anywhere else, so that other tools find it without being told."""

_FURTHEST_STEP = 500

_SAME_START_S = 2
"""The system's clock, from which a start is reckoned, is set now and then."""


def is_free(port: int) -> bool:
    """Whether nobody listens on `port` now, on loopback or on all interfaces."""
    with socket.socket() as probe:
        # Without it a port counts as taken for a minute after its last connection closed.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def choose(
    usual: Mapping[str, int],
    remembered: Mapping[str, int],
    is_free: Callable[[int], bool] = is_free,
    wished: Container[str] = (),
) -> dict[str, int]:
    """One port a part, all different: the remembered one, else the usual, else the next free.

    Of the parts in `wished` the usual one is what the user asks for, and is tried first. Raises
    LookupError when a part has no free port within 500 of its usual one.
    """
    chosen: dict[str, int] = {}
    for part, first in usual.items():
        before = [remembered[part]] if part in remembered else []
        wish = [first] if part in wished else []
        for port in [*wish, *before, *range(first, first + _FURTHEST_STEP)]:
            if port not in chosen.values() and is_free(port):
                chosen[part] = port
                break
        else:
            raise LookupError(f"no free port for {part} from {first} on")
    return chosen


class _Holder(msgspec.Struct, frozen=True, array_like=True):
    """A process, and when it started: its id alone may be another one's by now."""

    process_id: int
    started: float | None = None

    @classmethod
    def of(cls, process_id: int) -> "_Holder":
        try:
            return cls(process_id, psutil.Process(process_id).create_time())
        except psutil.NoSuchProcess:
            return cls(process_id)

    def is_alive(self) -> bool:
        """Not dead, not another process, and not a zombie that nobody has collected yet."""
        try:
            process = psutil.Process(self.process_id)
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            return self.started is None or abs(process.create_time() - self.started) < _SAME_START_S
        except psutil.NoSuchProcess:
            return False


class Reservations:
    """Ports that stacks of this user have chosen, from the choice on until their supervisor ends.

    Two clones that start at the same moment would else choose the same ones, minutes before
    anybody listens on them.
    """

    def __init__(self, folder: Path | None = None) -> None:
        if folder is None:
            folder = private_folder(f"fraud-ports-{os.geteuid()}")
        else:
            make_private(folder)
        self._file = folder / "ports.json"
        self._lock = folder / "lock"

    def claim(self, remembered: Iterable[int]) -> None:
        """This process holds what no other living stack does of the ports that its own one had.

        For a stack whose supervisor is dead, while what it left behind still listens: once that has
        ended, another stack would find them free.
        """
        with self._held() as held:
            self._write(held, set(remembered) - held.keys(), os.getpid())

    def choose(
        self,
        usual: Mapping[str, int],
        remembered: Mapping[str, int],
        wished: Container[str] = (),
    ) -> dict[str, int]:
        """As `choose`, without those of other living stacks; this process holds them now."""
        with self._held() as held:
            own = {port for port, holder in held.items() if holder.process_id == os.getpid()}
            others = held.keys() - own.intersection(remembered.values())
            chosen = choose(
                usual, remembered, lambda port: port not in others and is_free(port), wished
            )
            self._write(held, chosen.values(), os.getpid())
            return chosen

    def hand_over(self, chosen: Iterable[int], process_id: int) -> None:
        """From now on `process_id` holds these ports, as long as it lives."""
        with self._held() as held:
            self._write(held, chosen, process_id)

    @contextmanager
    def _held(self) -> Generator[dict[int, _Holder]]:
        """Port to the living process that holds it, while nobody else changes it."""
        with os.fdopen(self._open_lock(), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield {port: holder for port, holder in self._read().items() if holder.is_alive()}

    def _open_lock(self) -> int:
        try:
            return os.open(self._lock, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise StackError(
                f"{self._lock} cannot be opened as a file of our own ({error.strerror}): remove it"
            ) from error

    def _read(self) -> dict[int, _Holder]:
        """Earlier versions wrote bare process ids."""
        try:
            held = msgspec.json.decode(self._file.read_bytes(), type=dict[int, int | _Holder])
        except (FileNotFoundError, msgspec.DecodeError):
            return {}
        return {
            port: _Holder(holder) if isinstance(holder, int) else holder
            for port, holder in held.items()
        }

    def _write(self, held: Mapping[int, _Holder], chosen: Iterable[int], process_id: int) -> None:
        now_held = {**held, **dict.fromkeys(chosen, _Holder.of(process_id))}
        write_private(self._file, msgspec.json.encode(now_held).decode())
