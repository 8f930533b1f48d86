"""Which loopback ports the embedded parts use: the usual ones, or the next that are free."""

import socket
from collections.abc import Callable, Mapping

LOOPBACK = "127.0.0.1"
"""The only address that anything of the embedded stack listens on."""

USUAL = {"kafka": 9092, "kafka-controller": 9093, "postgres": 5432, "airflow": 8080}
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
) -> dict[str, int]:
    """One port a part, all different: the remembered one, else the usual, else the next free.

    Raises LookupError when a part has no free port within 500 of its usual one.
    """
    chosen: dict[str, int] = {}
    for part, first in usual.items():
        candidates = [*range(first, first + _FURTHEST_STEP)]
        if part in remembered:
            candidates.insert(0, remembered[part])
        for port in candidates:
            if port not in chosen.values() and is_free(port):
                chosen[part] = port
                break
        else:
            raise LookupError(f"no free port for {part} from {first} on")
    return chosen
