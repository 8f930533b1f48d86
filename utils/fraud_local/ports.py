"""Which loopback ports the embedded parts use: the usual ones, or the next that are free."""

import fcntl
import os
import socket
import tempfile
from collections.abc import Callable, Container, Generator, Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec
import psutil

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


class Reservations:
    """Ports that stacks of this user have chosen, from the choice on until their supervisor ends.

    Two clones that start at the same moment would else choose the same ones, minutes before
    anybody listens on them.
    """

    def __init__(self, folder: Path | None = None) -> None:
        folder = folder or Path(tempfile.gettempdir()) / f"fraud-ports-{os.geteuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
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
            claimed = {port for port in remembered.values() if held.get(port) == os.getpid()}
            others = held.keys() - claimed
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
    def _held(self) -> Generator[dict[int, int]]:
        """Port to the living process that holds it, while nobody else changes it."""
        with self._lock.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                held = msgspec.json.decode(self._file.read_bytes(), type=dict[int, int])
            except (FileNotFoundError, msgspec.DecodeError):
                held = {}
            yield {port: holder for port, holder in held.items() if _is_alive(holder)}

    def _write(self, held: Mapping[int, int], chosen: Iterable[int], process_id: int) -> None:
        now_held = {**held, **dict.fromkeys(chosen, process_id)}
        write_private(self._file, msgspec.json.encode(now_held).decode())


def _is_alive(process_id: int) -> bool:
    """Not dead, and not a zombie that nobody has collected yet."""
    try:
        return psutil.Process(process_id).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
